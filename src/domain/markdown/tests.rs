use super::parse::{Kind, Mode, Piece, parse};
use super::{excerpt, inert};
use proptest::prelude::{Strategy, prop_assert, prop_assert_eq, proptest};

#[test]
fn what_stays_and_what_is_shown_as_it_is() {
    let table = [
        ("plain text, 1 < 2 && 3 > 2", "plain text, 1 < 2 && 3 > 2"),
        (
            "**bold** *it* _it_ __under__ ~~gone~~ `code`",
            "**bold** *it* _it_ __under__ ~~gone~~ `code`",
        ),
        ("```py\nx = a[0](1)  # **\n```", "```py\nx = a[0](1)  # **\n```"),
        ("||hidden|| shown", "||hidden|| shown"),
        ("- one\n- two\n* three\n1. four", "- one\n- two\n* three\n1. four"),
        // Marks that nobody closed.
        ("a ** b", "a \\*\\* b"),
        ("odd || bars", "odd |\u{200b}| bars"),
        ("~~ a ~ b", "~\u{200b}~ a ~ b"),
        ("|||x||", "||\u{200b}|x||"),
        ("||a||||b||", "||a||\u{200b}||b||"),
        ("a | b", "a | b"),
        ("a tick ` here", "a tick \\` here"),
        ("```py\nx = 1", "\\`\\`\\`py\nx = 1"),
        ("ends with |", "ends with |"),
        ("``a`", "\\``a`"),
        ("2 * 3 * 4", "2 \\* 3 \\* 4"),
        ("snake_case_name", "snake\\_case\\_name"),
        // What passes for the bot's own words.
        ("# Votes\nAna: 99", "\\# Votes\nAna: 99"),
        ("-# small print", "\\-# small print"),
        (">>> all of it", "\\>>> all of it"),
        ("> quote\n> quote", "\\> quote\n\\> quote"),
        ("||# Votes||", "||\\# Votes||"),
        ("[your points](https://evil.example/a_b)", "\\[your points](https://evil.example/a_b)"),
        ("**[free](https://evil.example)**", "**\\[free](https://evil.example)**"),
        // An address stays one, and what it holds is no mark.
        (
            "see https://en.wikipedia.org/wiki/Some_thing_else",
            "see https://en.wikipedia.org/wiki/Some_thing_else",
        ),
        ("<https://example.org/a_b>", "<https://example.org/a_b>"),
        ("<@123> <#12> <:pip_x:123> <t:1:R>", "<@123> <#12> <:pip_x:123> <t:1:R>"),
        ("||https://example.org/x||", "||https://example.org/x||"),
        // Escapes stay escapes.
        ("\\*not\\*", "\\*not\\*"),
        ("\\", "\\"),
        ("\\||x||", "\\|\u{200b}|x|\u{200b}|"),
        // The first rule from the left decides, as in Discord.
        ("||a `||` b", "||a \\`||\\` b"),
        ("`a || b` c || d", "`a || b` c |\u{200b}| d"),
        ("`a ``` **b`", "\\`a \\`\\`\\` \\*\\*b\\`"),
        ("** ` ** `", "** \\` ** \\`"),
        // Direction and control.
        ("abc \u{202e}fed\u{202c} \u{2067}x\u{1b}[31m", "abc fed x\\[31m"),
        ("a\u{2028}b\r\nc", "a\nb\nc"),
        ("a\n\n\n\n\n\n\n\nb", "a\n\n\nb"),
    ];
    for (text, quoted) in table {
        assert_eq!(inert(text), quoted, "{text:?}");
    }
}

#[test]
fn a_cut_closes_what_it_leaves_open() {
    let table = [
        // A spoiler stays one.
        ("||one two three four five||", 16, "||one two…||"),
        ("||one two three four five||", 4, "…"),
        ("shown ||one two three||", 10, "shown…"),
        ("shown ||one two three||", 18, "shown ||one two…||"),
        ("||one two three|| and more of it", 18, "||one two three||…"),
        ("||one two three|| and more of it", 17, "||one two…||"),
        ("||one two three|| and more of it", 22, "||one two three|| and…"),
        // As do code and emphasis.
        ("**one two three four**", 14, "**one two…**"),
        ("a `one two three four` b", 14, "a `one two…`"),
        ("**bold `code and more`** x", 20, "**bold `code and…`**"),
        ("||a ```py\nx = 1\ny = 2\nz = 3\n``` b||", 30, "||a ```py\nx = 1\ny = 2\nz…\n```||"),
        // All of a link or none of it.
        ("see [a.py](https://cdn.example/a.py?x=1) there", 30, "see…"),
        (
            "see [a.py](https://cdn.example/a.py?x=1) there",
            43,
            "see [a.py](https://cdn.example/a.py?x=1)…",
        ),
        ("see <@123456789012345678> and", 20, "see…"),
        // Never half an escape.
        ("abcdefghij\\*\\*\\*", 12, "abcdefghij…"),
    ];
    for (text, limit, expected) in table {
        let cut = excerpt(text, limit);
        assert_eq!(cut, expected, "{text:?} {limit}");
        assert!(cut.chars().count() <= limit, "{text:?} {limit}");
    }
}

/// Texts made of what Markdown is made of.
fn marked_up() -> impl Strategy<Value = String> {
    "([a-z]{1,5}|[ \n]|\\||\\|\\||>>> |> |```|```py\n|`|``|\\*|\\*\\*|_|__|~~|\\\\|\\[|\\]\\(https://x\\.y\\)|# |-# |- |<@1>|https://x\\.y/a_b|\u{202e}|\u{200b}|🦀|ä){0,40}"
}

/// What is to be seen without a click, and whether it is code; marks are left out.
fn seen(text: &str) -> Vec<(char, bool)> {
    let pieces = parse(text, Mode::Exact);
    let within = |at: usize, wanted: &dyn Fn(&Piece) -> bool| {
        pieces.iter().any(|piece| piece.outer.contains(&at) && wanted(piece))
    };
    let is_mark = |piece: &Piece, at: usize| !piece.inner.contains(&at);
    text.char_indices()
        .filter(|(at, _)| {
            !within(*at, &|piece| {
                piece.kind == Kind::Spoiler || (piece.kind != Kind::Link && is_mark(piece, *at))
            })
        })
        .map(|(at, c)| (c, within(at, &|piece| matches!(piece.kind, Kind::Code | Kind::Fence))))
        .collect()
}

/// Whether everything that a text has around a quote is read as it is without the quote.
fn is_contained(quote: &str) -> bool {
    let before = "**Ana** wrote ([go](https://x.y)):\n";
    let after = "\nVotes: *Ana* 2, ||Ben|| 1, `x` **y** ```z```";
    let all = format!("{before}{quote}{after}");
    let quoted = before.len()..before.len() + quote.len();
    let pieces = parse(&all, Mode::Exact);
    let outside: Vec<Piece> = pieces
        .into_iter()
        .filter(|p| {
            p.outer.end <= quoted.start || p.outer.start >= quoted.end || {
                // Across the edge of the quote.
                p.outer.start < quoted.start || p.outer.end > quoted.end
            }
        })
        .collect();
    let mut expected = parse(before, Mode::Exact);
    expected.extend(parse(after, Mode::Exact).into_iter().map(|p| Piece {
        outer: p.outer.start + quoted.end..p.outer.end + quoted.end,
        inner: p.inner.start + quoted.end..p.inner.end + quoted.end,
        ..p
    }));
    outside == expected
}

proptest! {
    #[test]
    fn a_quote_changes_nothing_around_it(text in marked_up()) {
        let quote = inert(&text);
        prop_assert!(is_contained(&quote), "{:?}", quote);
        let is_stray = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        prop_assert!(!quote.chars().any(is_stray));
        prop_assert_eq!(parse(&quote, Mode::Exact), parse(&quote, Mode::Lenient));
        let links = parse(&quote, Mode::Lenient).iter().filter(|p| p.kind == Kind::Link).count();
        prop_assert_eq!(links, 0);
        // In code these begin nothing.
        for line in quote.lines().filter(|_| !quote.contains('`')) {
            let is_block = line.starts_with(['#', '>']) || line.starts_with("-#");
            prop_assert!(!is_block, "{:?}", quote);
        }
    }

    #[test]
    fn nor_does_any_cut_of_it(text in marked_up(), limit in 0_usize..80) {
        let cut = excerpt(&inert(&text), limit);
        prop_assert!(cut.chars().count() <= limit);
        prop_assert!(is_contained(&cut), "{:?}", cut);
    }

    #[test]
    fn what_is_hidden_stays_hidden(text in marked_up(), limit in 0_usize..80) {
        let quote = inert(&text);
        let whole = seen(&quote);
        let cut: Vec<(char, bool)> = seen(&excerpt(&quote, limit));
        let kept: Vec<(char, bool)> =
            cut.into_iter().filter(|(c, _)| *c != '…' && !c.is_whitespace()).collect();
        let whole: Vec<(char, bool)> =
            whole.into_iter().filter(|(c, _)| !c.is_whitespace()).collect();
        prop_assert!(whole.starts_with(&kept), "{:?}", excerpt(&quote, limit));
    }

    #[test]
    fn a_quote_quoted_again_is_the_same(text in marked_up()) {
        let quote = inert(&text);
        prop_assert_eq!(inert(&quote), quote);
    }

    #[test]
    fn any_text_at_all(text: String, limit in 0_usize..80) {
        let quote = inert(&text);
        prop_assert!(is_contained(&quote));
        prop_assert!(excerpt(&text, limit).chars().count() <= limit);
        prop_assert!(is_contained(&excerpt(&quote, limit)));
    }
}

#[test]
fn a_long_text_of_marks_takes_no_time() {
    for mark in ["`", "``", "*", "**", "_", "||", "~~", "[", "<", "\\", "```", "> ", "**||__", "h"]
    {
        let text = mark.repeat(100_000 / mark.len());
        let quote = inert(&text);
        assert!(quote.len() >= text.len() / 2, "{mark}");
        assert!(excerpt(&quote, 1_000).chars().count() <= 1_000, "{mark}");
    }
}
