use super::{
    Attachment, Found, Part, Reread, ThreadMessage, Verdict, Wish, judge, merge, quoted, reread,
};
use crate::domain::ids::{DISCORD_EPOCH_MS, MemberId, MessageId};
use crate::domain::markdown::excerpt;
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
use std::collections::{BTreeMap, BTreeSet};

const BOT: MemberId = MemberId(900);
const ANN: MemberId = MemberId(1);
const BOB: MemberId = MemberId(2);

/// The closing instant of all rounds here.
const CLOSES: i64 = DISCORD_EPOCH_MS + 1_000_000;

/// The id of a message written this long before the closing instant, in milliseconds.
fn before_close(ms: i64) -> MessageId {
    MessageId(u64::try_from(CLOSES - ms - DISCORD_EPOCH_MS).unwrap() << 22)
}

fn message(content: &str) -> ThreadMessage {
    ThreadMessage {
        id: before_close(5_000),
        author: ANN,
        author_name: "Ann".into(),
        bot: false,
        kind: 0,
        reply_to: None,
        content: content.into(),
        attachments: Vec::new(),
        edited_ms: None,
    }
}

fn file(name: &str) -> Attachment {
    Attachment { name: name.into(), url: format!("https://cdn.example/{name}?ex=1") }
}

/// What of the stored messages is not in the thread.
fn missing(known: &[Part], thread: &[ThreadMessage]) -> BTreeSet<MessageId> {
    let known = known.iter().map(|part| part.message);
    known.filter(|id| thread.iter().all(|message| message.id != *id)).collect()
}

const LONG: &str = "A generator is lazy, a list is not.";

mod judging {
    use super::*;

    fn verdict(message: &ThreadMessage) -> Verdict {
        judge(message, BOT, None, false, CLOSES)
    }

    #[test]
    fn every_verdict_and_every_wish() {
        let base = message(LONG);
        let with = |change: &dyn Fn(&mut ThreadMessage)| {
            let mut changed = base.clone();
            change(&mut changed);
            changed
        };
        let counts = Verdict::Counts;
        let discussion = Verdict::Discussion;
        let short = Verdict::TooShort;
        // The message; its verdict without a wish, with *counted*, with *not counted*.
        let table = [
            (base.clone(), [counts, counts, Verdict::TakenOut]),
            // To whom, nobody can tell any more.
            (with(&|m| m.kind = 19), [discussion, counts, discussion]),
            (
                with(&|m| (m.kind, m.reply_to) = (19, Some(BOT))),
                [counts, counts, Verdict::TakenOut],
            ),
            (
                with(&|m| (m.kind, m.reply_to) = (19, Some(ANN))),
                [counts, counts, Verdict::TakenOut],
            ),
            (with(&|m| (m.kind, m.reply_to) = (19, Some(BOB))), [discussion, counts, discussion]),
            (with(&|m| m.content = "yes".into()), [short, counts, short]),
            (with(&|m| m.content = "  ".into()), [short; 3]),
            (with(&|m| m.content = "\u{200b}\u{3164}".into()), [short; 3]),
            (with(&|m| m.bot = true), [Verdict::NotHuman; 3]),
            (with(&|m| m.author = BOT), [Verdict::NotHuman; 3]),
            (with(&|m| m.kind = 6), [Verdict::OtherKind; 3]),
            (with(&|m| m.kind = 20), [Verdict::OtherKind; 3]),
            (with(&|m| m.id = before_close(0)), [Verdict::TooLate; 3]),
            (with(&|m| m.id = before_close(-60_000)), [Verdict::TooLate; 3]),
            (with(&|m| m.id = before_close(1)), [counts, counts, Verdict::TakenOut]),
            // A reply with nothing but a file is still a reply to somebody.
            (
                with(&|m| {
                    m.content.clear();
                    m.attachments.push(file("a.png"));
                    m.reply_to = Some(BOB);
                }),
                [discussion, counts, discussion],
            ),
        ];
        for (message, expected) in table {
            let found = [None, Some(Wish::Counted), Some(Wish::NotCounted)]
                .map(|wish| judge(&message, BOT, wish, false, CLOSES));
            assert_eq!(found, expected, "{message:?}");
        }
    }

    #[test]
    fn a_reply_stays_what_it_was_when_its_target_is_deleted() {
        let reply = ThreadMessage { kind: 19, ..message(LONG) };
        let judged = |counted| judge(&reply, BOT, None, counted, CLOSES);
        assert_eq!((judged(true), judged(false)), (Verdict::Counts, Verdict::Discussion));
        // Read anew, it is neither taken in nor thrown out.
        let part =
            Part { message: reply.id, content: reply.content.clone(), attachments: Vec::new() };
        let thread = [reply];
        for known in [vec![], vec![part]] {
            assert_eq!(
                reread(&known, &thread, &missing(&known, &thread), BOT, |_| None, CLOSES),
                Reread::default()
            );
        }
    }

    #[test]
    fn how_much_is_enough() {
        let table = [
            ("12345678901234567890", Verdict::Counts),
            ("1234567890123456789", Verdict::TooShort),
            ("  1234567890123456789\n ", Verdict::TooShort),
            // Characters, not bytes.
            ("ääääääääääääääääääää", Verdict::Counts),
            ("äääääääääääääääääää", Verdict::TooShort),
            ("リストは遅延評価ではない。多分そうだ。。", Verdict::Counts),
            // What Discord shows as one thing is one.
            ("<:thinking_hard:123456789012345678>", Verdict::TooShort),
            ("<a:party:123456789012345678> <@123456789012345678>", Verdict::TooShort),
            ("<@&123456789012345678> <#123456789012345678> !", Verdict::TooShort),
            ("<t:1700000000:R> and <t:1700000000>", Verdict::TooShort),
            ("<@123456789012345678> list is eager, yo", Verdict::TooShort),
            ("<@123456789012345678> a list is eager, ok", Verdict::Counts),
            // What only looks like that is text.
            ("x < y and y > z, or not", Verdict::Counts),
            ("<class 'generator'>!", Verdict::Counts),
            ("<<<<<<<<<<<<<<<<<<<<", Verdict::Counts),
            ("<:not an emoji:12345>", Verdict::Counts),
            // Code counts at any length, if it is a block and holds something.
            ("```py\nx\n```", Verdict::Counts),
            ("```x```", Verdict::Counts),
            ("``` ```", Verdict::TooShort),
            ("```\nx = 1", Verdict::TooShort),
            ("`x = 1`", Verdict::TooShort),
            ("``` ``` ```x```", Verdict::Counts),
            // What nobody can see is nothing.
            (
                "\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}",
                Verdict::TooShort,
            ),
            ("ㅤㅤㅤㅤㅤㅤㅤㅤㅤㅤㅤㅤㅤㅤㅤㅤㅤㅤㅤㅤㅤ", Verdict::TooShort),
            ("⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀", Verdict::TooShort),
            (
                "yes\u{2060}\u{2060}\u{2060}\u{2060}\u{2060}\u{2060}\u{2060}\u{2060}\u{2060}\u{2060}\u{2060}\u{2060}\u{2060}\u{2060}\u{2060}\u{2060}\u{2060}\u{2060}!",
                Verdict::TooShort,
            ),
            ("o                                k", Verdict::TooShort),
            (
                "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
                Verdict::TooShort,
            ),
            ("** ** ** ** ** ** ** ** ** **", Verdict::TooShort),
            ("```\u{200b}```", Verdict::TooShort),
            // Nor does it take anything away from what they can.
            ("1234567890\u{200b}1234567890", Verdict::Counts),
            (
                "👩\u{200d}🎓👩\u{200d}🎓👩\u{200d}🎓👩\u{200d}🎓👩\u{200d}🎓👩\u{200d}🎓👩\u{200d}🎓👩\u{200d}🎓👩\u{200d}🎓👩\u{200d}🎓",
                Verdict::Counts,
            ),
        ];
        for (content, expected) in table {
            assert_eq!(verdict(&message(content)), expected, "{content:?}");
        }
        let mut with_file = message("");
        with_file.attachments.push(file("solution.py"));
        assert_eq!(verdict(&with_file), Verdict::Counts);
    }
}

mod joining {
    use super::*;

    fn part(id: u64, content: &str, files: &[&str]) -> Part {
        Part {
            message: MessageId(id),
            content: content.into(),
            attachments: files.iter().map(|name| file(name)).collect(),
        }
    }

    #[test]
    fn by_id_with_a_blank_line_and_files_as_links() {
        let parts = [
            part(30, "", &["b.png"]),
            part(10, " First. \n", &[]),
            part(20, "Second.", &["a.py", "we[ird].txt"]),
            part(25, "  ", &[]),
        ];
        assert_eq!(
            merge(&parts),
            "First.\n\n\
             Second.\n\
             [a.py](https://cdn.example/a.py?ex=1)\n\
             [weird.txt](https://cdn.example/we[ird].txt?ex=1)\n\n\
             [b.png](https://cdn.example/b.png?ex=1)"
        );
        assert_eq!(merge(&[]), "");
    }

    #[test]
    fn a_quote_has_the_bots_own_links_and_no_others() {
        let parts = [
            part(1, "[free points](https://evil.example) ```py\nx = 1", &["a.py"]),
            part(2, "# Votes\n||odd", &["**b**|.png", "\u{202e}"]),
        ];
        assert_eq!(
            quoted(&parts),
            "\\[free points](https://evil.example) \\`\\`\\`py\nx = 1\n\
             [a.py](https://cdn.example/a.py?ex=1)\n\n\
             \\# Votes\n|\u{200b}|odd\n\
             [b.png](https://cdn.example/**b**|.png?ex=1)\n\
             [file](https://cdn.example/\u{202e}?ex=1)"
        );
    }

    #[test]
    fn an_open_block_does_not_swallow_the_next_message() {
        let parts = [part(1, "```py\nx = 1", &["a.py"]), part(2, "```y```", &[])];
        assert_eq!(
            merge(&parts),
            "```py\nx = 1\n```\n[a.py](https://cdn.example/a.py?ex=1)\n\n```y```"
        );
    }
}

mod cutting {
    use super::*;

    #[test]
    fn excerpts() {
        let table = [
            // What fits stays as it is, without the white space around.
            ("short", 5, "short"),
            ("  short \n", 5, "short"),
            ("", 0, ""),
            ("short", 0, ""),
            ("short", 1, "…"),
            // At a word, if there is a gap in the latter half.
            ("one two three", 12, "one two…"),
            ("one two three", 8, "one two…"),
            ("one two three", 9, "one two…"),
            ("one two three", 7, "one…"),
            ("a bcdefghijklmnop", 10, "a bcdefgh…"),
            ("abcdefghij", 5, "abcd…"),
            // Characters, not bytes.
            ("äöü äöü äöü", 8, "äöü äöü…"),
            ("日本語の文章です", 5, "日本語の…"),
            ("🦀🦀🦀🦀", 3, "🦀🦀…"),
            // A block of code is closed.
            ("Look:\n```py\nfor x in y:\n    print(x)\n```", 34, "Look:\n```py\nfor x in y:…\n```"),
            // Unless nothing of the code would be left.
            ("Look:\n```python\nfor x in y: pass\n```", 20, "Look:…"),
            ("Look at this:\n```py\nx\n```\n", 17, "Look at this:…"),
            ("```for x in y: pass # and on```", 20, "```for x in y:…\n```"),
            // After it the cut needs none.
            ("```\nx\n```\nand so on and on", 18, "```\nx\n```\nand so…"),
            // Never half a fence.
            ("abcdefghij```x``` and", 13, "abcdefghij…"),
            ("abcdefghij```x``` and", 14, "abcdefghij…"),
            ("``````````````", 8, "…"),
        ];
        for (text, limit, expected) in table {
            assert_eq!(excerpt(text, limit), expected, "{text:?} {limit}");
        }
    }

    proptest! {
        #[test]
        fn never_longer_never_open(text in "([a-zäß🦀]{1,9}|[ \n]|```|`|```py\n|x = 1\n){0,60}", limit in 0_usize..120) {
            let cut = excerpt(&text, limit);
            prop_assert!(cut.chars().count() <= limit);
            let whole = text.trim();
            if whole.chars().count() <= limit {
                prop_assert_eq!(cut, whole);
            } else {
                prop_assert_eq!(cut.matches("```").count() % 2, 0, "{:?}", cut);
                if limit > 0 {
                    // What the cut left open is closed behind the ellipsis.
                    let kept = cut.trim_end_matches("\n```").trim_end_matches('`');
                    prop_assert!(kept.ends_with('…'));
                    prop_assert!(whole.starts_with(kept.trim_end_matches('…')));
                }
            }
        }

        #[test]
        fn most_of_the_room_is_used(text in "[a-z ]{200}", limit in 10_usize..150) {
            let text = text.trim();
            if text.chars().count() > limit {
                // Half may be lost to a long word, and the spaces at the cut.
                let spaces = text.split(|c| c != ' ').map(str::len).max().unwrap_or(0);
                prop_assert!(excerpt(text, limit).chars().count() + spaces >= limit * 4 / 10);
            }
        }

        #[test]
        fn a_merged_answer_is_never_open(texts: Vec<String>, cut_at in "(a|```|\n){0,8}") {
            let contents = texts.iter().chain([&cut_at]);
            let parts: Vec<Part> = (1..)
                .zip(contents)
                .map(|(id, text)| Part {
                    message: MessageId(id),
                    content: text.clone(),
                    attachments: Vec::new(),
                })
                .collect();
            prop_assert_eq!(merge(&parts).matches("```").count() % 2, 0);
        }
    }
}

mod reading_anew {
    use super::*;

    fn stored(message: &ThreadMessage) -> Part {
        Part {
            message: message.id,
            content: message.content.clone(),
            attachments: message.attachments.clone(),
        }
    }

    fn found(message: &ThreadMessage, edited_late: bool) -> Found {
        Found {
            author: message.author,
            author_name: message.author_name.clone(),
            part: stored(message),
            edited_late,
        }
    }

    fn at(id_ms: i64, content: &str) -> ThreadMessage {
        ThreadMessage { id: before_close(id_ms), ..message(content) }
    }

    fn edited(message: &ThreadMessage, content: &str, ms_before_close: i64) -> ThreadMessage {
        ThreadMessage {
            content: content.into(),
            edited_ms: Some(CLOSES - ms_before_close),
            ..message.clone()
        }
    }

    fn changes(known: &[&ThreadMessage], thread: &[ThreadMessage]) -> Reread {
        let known: Vec<Part> = known.iter().map(|message| stored(message)).collect();
        reread(&known, thread, &missing(&known, thread), BOT, |_| None, CLOSES)
    }

    #[test]
    fn nothing_changed() {
        let thread = [at(9_000, LONG), at(8_000, "ok"), at(-1, LONG)];
        assert_eq!(changes(&[&thread[0]], &thread), Reread::default());
        assert_eq!(changes(&[], &[]), Reread::default());
    }

    #[test]
    fn what_is_only_missing_stays() {
        let (missing, deleted) = (at(9_000, LONG), at(8_000, LONG));
        let known = [&missing, &deleted].map(stored);
        let certainly = BTreeSet::from([deleted.id]);
        let expected = Reread { put: Vec::new(), gone: vec![deleted.id] };
        assert_eq!(reread(&known, &[], &certainly, BOT, |_| None, CLOSES), expected);
        assert_eq!(reread(&known, &[], &BTreeSet::new(), BOT, |_| None, CLOSES), Reread::default());
    }

    #[test]
    fn new_ones_oldest_first() {
        let thread = [at(7_000, LONG), at(9_000, LONG), at(8_000, "ok")];
        let expected = Reread {
            put: vec![found(&thread[1], false), found(&thread[0], false)],
            gone: Vec::new(),
        };
        assert_eq!(changes(&[], &thread), expected);
    }

    #[test]
    fn deleted_shortened_and_taken_out_ones_are_gone() {
        let (deleted, shortened, taken_out) = (at(9_000, LONG), at(8_000, LONG), at(7_000, LONG));
        let thread = [edited(&shortened, "no", 10), taken_out.clone()];
        let known = [&deleted, &shortened, &taken_out].map(stored);
        let out = taken_out.id;
        let wish = |id| (id == out).then_some(Wish::NotCounted);
        let expected =
            Reread { put: Vec::new(), gone: vec![deleted.id, shortened.id, taken_out.id] };
        assert_eq!(reread(&known, &thread, &missing(&known, &thread), BOT, wish, CLOSES), expected);
    }

    #[test]
    fn edits_up_to_the_close_are_taken() {
        let first = at(9_000, LONG);
        let other = "Something else altogether, but long.";
        // Milliseconds before the close; whether the new text is taken where an earlier one is
        // stored, and whether it is marked where none is.
        for (ms, taken, marked) in
            [(10, true, false), (1, true, false), (0, false, true), (-5, false, true)]
        {
            let now = edited(&first, other, ms);
            let expected = Reread {
                put: if taken { vec![found(&now, false)] } else { Vec::new() },
                gone: Vec::new(),
            };
            assert_eq!(changes(&[&first], std::slice::from_ref(&now)), expected, "{ms}");

            let expected = Reread { put: vec![found(&now, marked)], gone: Vec::new() };
            assert_eq!(changes(&[], &[now]), expected, "{ms}");
        }
    }

    #[test]
    fn an_edit_after_the_close_takes_nothing_out() {
        let first = at(9_000, LONG);
        let emptied = edited(&first, ".", -5);
        assert_eq!(changes(&[&first], std::slice::from_ref(&emptied)), Reread::default());
        let known = [stored(&first)];
        let taken_out =
            reread(&known, &[emptied], &BTreeSet::new(), BOT, |_| Some(Wish::NotCounted), CLOSES);
        assert_eq!(taken_out.gone, [first.id]);
    }

    #[test]
    fn a_newly_signed_address_is_no_change() {
        let mut first = at(9_000, LONG);
        first.attachments = vec![file("a.py"), file("b.py")];
        let mut now = first.clone();
        now.attachments[0].url = "https://cdn.example/a.py?ex=2".into();
        assert_eq!(changes(&[&first], &[now.clone()]), Reread::default());
        now.attachments.pop();
        assert_eq!(changes(&[&first], &[now.clone()]).put, [found(&now, false)]);
        now.attachments[0].url = "https://cdn.example/c.py?ex=1".into();
        assert_eq!(changes(&[&first], &[now.clone()]).put, [found(&now, false)]);
    }

    proptest! {
        #[test]
        fn once_applied_nothing_is_left_to_change(
            thread: Vec<(u8, bool, Option<i8>, Option<bool>)>,
            known: Vec<(u8, bool)>,
        ) {
            let text = |long| if long { LONG } else { "ok" };
            let wishes: BTreeMap<MessageId, bool> = thread
                .iter()
                .filter_map(|(ms, _, _, wish)| Some((before_close(i64::from(*ms) - 50), (*wish)?)))
                .collect();
            let wish = |id: MessageId| wishes.get(&id).map(|counted| match counted {
                true => Wish::Counted,
                false => Wish::NotCounted,
            });
            let mut now: Vec<ThreadMessage> = thread
                .iter()
                .map(|(ms, long, edited, _)| ThreadMessage {
                    edited_ms: edited.map(|ms| CLOSES - i64::from(ms)),
                    ..at(i64::from(*ms) - 50, text(*long))
                })
                .collect();
            now.sort_by_key(|message| message.id);
            now.dedup_by_key(|message| message.id);
            let mut parts: BTreeMap<MessageId, Part> = known
                .iter()
                .map(|(ms, long)| stored(&at(i64::from(*ms) - 50, text(*long))))
                .map(|part| (part.message, part))
                .collect();
            let list = |parts: &BTreeMap<MessageId, Part>| parts.values().cloned().collect::<Vec<_>>();

            let deleted = missing(&list(&parts), &now);
            let changes = reread(&list(&parts), &now, &deleted, BOT, wish, CLOSES);
            for id in changes.gone {
                prop_assert!(parts.remove(&id).is_some());
            }
            for found in changes.put {
                parts.insert(found.part.message, found.part);
            }
            prop_assert_eq!(reread(&list(&parts), &now, &deleted, BOT, wish, CLOSES), Reread::default());
        }
    }
}
