//! Time zones as people name them.

use crate::domain::refusal::Refusal;
use chrono::{DateTime, Offset, TimeZone, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

/// Zones suggested for a name that is not one.
const SUGGESTIONS: usize = 5;

/// Abbreviations, and the zones that people mean by them. Some are in the IANA database as well, but
/// there they stay at the same offset all year, and a round would come an hour off for half of it.
const ABBREVIATIONS: [(&[&str], &[Tz]); 13] = [
    (&["est", "edt", "et"], &[Tz::America__New_York, Tz::America__Toronto, Tz::America__Panama]),
    (&["cst", "cdt", "ct"], &[Tz::America__Chicago, Tz::America__Mexico_City, Tz::Asia__Shanghai]),
    (&["mst", "mdt", "mt"], &[Tz::America__Denver, Tz::America__Phoenix]),
    (&["pst", "pdt", "pt"], &[Tz::America__Los_Angeles]),
    (&["akst", "akdt"], &[Tz::America__Anchorage]),
    (&["hst", "hdt"], &[Tz::Pacific__Honolulu, Tz::America__Adak]),
    (&["ast", "adt"], &[Tz::America__Halifax, Tz::America__Puerto_Rico, Tz::Asia__Riyadh]),
    (&["bst"], &[Tz::Europe__London, Tz::Asia__Dhaka]),
    (&["ist"], &[Tz::Asia__Kolkata, Tz::Europe__Dublin, Tz::Asia__Jerusalem]),
    (&["cest"], &[Tz::Europe__Berlin, Tz::Europe__Paris, Tz::Europe__Madrid]),
    (&["eest"], &[Tz::Europe__Athens, Tz::Europe__Helsinki, Tz::Europe__Kyiv]),
    (&["aest", "aedt"], &[Tz::Australia__Sydney, Tz::Australia__Brisbane]),
    (&["jst"], &[Tz::Asia__Tokyo]),
];

/// The zone that somebody typed: an IANA name, or the name of a city that has one.
///
/// # Errors
/// A refusal that names the zones that may have been meant.
pub fn zone_named(typed: &str) -> Result<Tz, Refusal> {
    let wanted = folded(typed);
    if let Some(zones) = abbreviated(&wanted) {
        return Err(Refusal::ZoneAbbreviated { typed: typed.to_owned(), zones: zones.to_vec() });
    }
    if let Some(zone) = parse_zone(typed).or_else(|| city(&wanted)) {
        return Ok(zone);
    }
    let zones = if wanted.is_empty() { Vec::new() } else { zones_matching(typed, SUGGESTIONS) };
    Err(if zones.is_empty() {
        Refusal::BadZone(typed.to_owned())
    } else {
        Refusal::ZoneUnclear { typed: typed.to_owned(), zones }
    })
}

fn abbreviated(wanted: &str) -> Option<&'static [Tz]> {
    let found = ABBREVIATIONS.iter().find(|(names, _)| names.contains(&wanted));
    found.map(|(_, zones)| *zones)
}

/// The zone of a city, if all zones of that name have the same time.
fn city(wanted: &str) -> Option<Tz> {
    let is_it = |zone: &&Tz| {
        let name = folded(zone.name());
        name.rsplit_once('/').is_some_and(|(area, city)| city == wanted && !is_old(area))
    };
    let mut found = TZ_VARIANTS.iter().filter(is_it).copied();
    let first = found.next()?;
    // Of `America/Buenos_Aires` and `America/Argentina/Buenos_Aires` the longer name is the newer.
    found.try_fold(first, |best, other| {
        let longer = if other.name().len() > best.name().len() { other } else { best };
        same_time(best, other).then_some(longer)
    })
}

/// Areas that are no places: `Etc/GMT+5` is five hours behind, whatever it looks like, and those of
/// countries are names from before 1993.
fn is_old(area: &str) -> bool {
    matches!(area, "etc" | "us" | "canada" | "mexico" | "brazil" | "chile")
}

/// Whether two zones agree in every month from 2020 on, for as long as their rules are alike today.
fn same_time(one: Tz, other: Tz) -> bool {
    let month = 2_629_746;
    let from_2020 =
        (0..12 * 20).map(|n| DateTime::<Utc>::from_timestamp(1_577_880_000 + n * month, 0));
    from_2020.flatten().all(|at| {
        let offset = |zone: Tz| zone.offset_from_utc_datetime(&at.naive_utc()).fix();
        offset(one) == offset(other)
    })
}

/// The zone of that IANA name. Upper and lower case are the same, a space stands for an
/// underscore; part of a name is no match.
pub fn parse_zone(text: &str) -> Option<Tz> {
    let wanted = folded(text);
    TZ_VARIANTS.iter().copied().find(|zone| folded(zone.name()) == wanted)
}

/// Offered before anything was typed: one zone for each of the larger regions.
const COMMON_ZONES: [Tz; 20] = [
    Tz::UTC,
    Tz::Europe__London,
    Tz::Europe__Berlin,
    Tz::Europe__Paris,
    Tz::Europe__Madrid,
    Tz::Europe__Warsaw,
    Tz::Europe__Kyiv,
    Tz::Europe__Istanbul,
    Tz::America__New_York,
    Tz::America__Chicago,
    Tz::America__Denver,
    Tz::America__Los_Angeles,
    Tz::America__Sao_Paulo,
    Tz::Africa__Lagos,
    Tz::Asia__Kolkata,
    Tz::Asia__Jakarta,
    Tz::Asia__Shanghai,
    Tz::Asia__Tokyo,
    Tz::Australia__Sydney,
    Tz::Pacific__Auckland,
];

/// At most `limit` zones whose names fit what was typed so far, best first: the exact name, then
/// names that begin with it, then names whose last part (the city) does, then names that hold it
/// anywhere. Before all of them, the zones that people mean by an abbreviation. Case and the
/// between space and underscore do not count. With nothing typed: a short list of common zones, UTC
/// first.
pub fn zones_matching(text: &str, limit: usize) -> Vec<Tz> {
    let wanted = folded(text);
    if wanted.is_empty() {
        return COMMON_ZONES.into_iter().take(limit).collect();
    }
    let mut fitting: Vec<(u8, Tz)> = TZ_VARIANTS
        .iter()
        .filter(|zone| abbreviated(&folded(zone.name())).is_none())
        .filter_map(|zone| Some((closeness(&folded(zone.name()), &wanted)?, *zone)))
        .collect();
    // A stable sort: names equally close stay in the alphabetical order of the list.
    fitting.sort_by_key(|(closeness, _)| *closeness);
    let meant = abbreviated(&wanted).unwrap_or_default().iter().copied();
    let others = fitting.into_iter().map(|(_, zone)| zone);
    let others = others.filter(|zone| !meant.clone().any(|one| one == *zone));
    meant.clone().chain(others).take(limit).collect()
}

/// How well a name fits what was typed, both folded; less is closer.
fn closeness(name: &str, wanted: &str) -> Option<u8> {
    let city = name.rsplit('/').next().unwrap_or(name);
    if name == wanted {
        Some(0)
    } else if name.starts_with(wanted) {
        Some(1)
    } else if city.starts_with(wanted) {
        Some(2)
    } else if name.contains(wanted) {
        Some(3)
    } else {
        None
    }
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase().replace(' ', "_")
}
