//! A message as a member reads it.

use serde_json::Value;
use studyhall::discord::say::no;
use studyhall::domain::refusal::Refusal;

/// A message, public or private.
#[derive(Debug, Clone)]
pub struct Post(pub Value);

impl Post {
    /// Its id, which is its thread's id too.
    pub fn id(&self) -> u64 {
        number(&self.0["id"])
    }

    /// The channel or thread it stands in.
    pub fn channel(&self) -> u64 {
        number(&self.0["channel_id"])
    }

    /// Everything one can read on it, buttons in square brackets.
    pub fn text(&self) -> String {
        let mut lines = vec![string(&self.0["content"])];
        for embed in list(&self.0["embeds"]) {
            lines.extend([string(&embed["title"]), string(&embed["description"])]);
            for field in list(&embed["fields"]) {
                lines.push(format!("{}: {}", string(&field["name"]), string(&field["value"])));
            }
            lines.push(string(&embed["footer"]["text"]));
        }
        for part in self.components() {
            match part["type"].as_u64() {
                Some(2) => lines.push(format!("[{}]", string(&part["label"]))),
                _ => lines.extend(self.choices().into_iter().map(|name| format!("({name})"))),
            }
        }
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    }

    /// Whether one can read this on it.
    pub fn says(&self, what: &str) -> bool {
        self.text().contains(what)
    }

    /// Whether it is this refusal. What the bot says in which words is tested where it is worded.
    pub fn refuses(&self, why: &Refusal) -> bool {
        self.0["content"] == no::refusal(why).content.as_str()
    }

    /// The title of its first embed.
    pub fn title(&self) -> String {
        string(&self.0["embeds"][0]["title"])
    }

    /// The first embed's field of that name.
    pub fn field(&self, name: &str) -> Option<String> {
        let found = list(&self.0["embeds"][0]["fields"]).find(|field| field["name"] == name)?;
        Some(string(&found["value"]))
    }

    /// The rows of a board: the lines of its text that begin with a rank and a name.
    pub fn ranks(&self) -> Vec<String> {
        let is_row = |line: &&str| {
            let rank = line.split_once("\\. **").map(|(rank, _)| rank.parse::<u32>());
            matches!(rank, Some(Ok(_)))
        };
        // The backslash is Markdown's; a reader does not see it.
        self.text().lines().filter(is_row).map(|line| line.replacen('\\', "", 1)).collect()
    }

    /// The same without what stands behind the points.
    pub fn places(&self) -> Vec<String> {
        let short = |line: String| match line.find("point") {
            Some(at) => {
                line[at..].find([' ', ',']).map_or(line.clone(), |end| line[..at + end].to_owned())
            }
            None => line,
        };
        self.ranks().into_iter().map(short).collect()
    }

    /// The names in its menu, in order.
    pub fn choices(&self) -> Vec<String> {
        self.menu()
            .map(|menu| list(&menu["options"]).map(|o| string(&o["label"])).collect())
            .unwrap_or_default()
    }

    /// Its menu.
    pub fn menu(&self) -> Option<&Value> {
        self.components().find(|part| part["type"] == 3)
    }

    /// The custom id of the button with that label.
    pub fn button(&self, label: &str) -> Option<String> {
        let found = self.components().find(|part| part["label"] == label)?;
        Some(string(&found["custom_id"]))
    }

    /// The keys that its buttons bear.
    pub fn keys(&self) -> Vec<String> {
        let ids = self.components().filter_map(|part| part["custom_id"].as_str());
        ids.filter_map(|id| id.split(':').nth(1)).map(str::to_owned).collect()
    }

    /// Whether a ✅ stands under it.
    pub fn is_marked(&self) -> bool {
        list(&self.0["reactions"]).any(|reaction| reaction["emoji"]["name"] == "✅")
    }

    /// Whether it is pinned.
    pub fn is_pinned(&self) -> bool {
        self.0["pinned"] == true
    }

    fn components(&self) -> impl Iterator<Item = &Value> {
        list(&self.0["components"]).flat_map(|row| list(&row["components"]))
    }
}

/// An id as Discord writes it.
pub fn number(id: &Value) -> u64 {
    id.as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
