//! Cases of finding a symbol.

use super::*;

fn symbol(name: &str) -> RawPlace {
    RawPlace::default().symbol(name)
}

#[test]
fn definitions_in_many_languages() {
    let cases = [
        ("x();\npub(crate) async fn «f»<T>(x: T) {\n}\nf();", "f"),
        ("f()\nasync def «f»(x):\n    pass\n", "f"),
        (
            "new Foo();\nexport default class «Foo» extends Bar {\n}\n",
            "Foo",
        ),
        ("type «Id» = u32;\nlet x: Id = 1;\n", "Id"),
        ("f();\nfunc «f»(x int) {\n}\n", "f"),
        ("s.f()\nfunc (s *Server) «f»(x int) {\n}\n", "f"),
        ("const «f» = (x) => x;\nf(1);\n", "f"),
        (
            "int f(int);\nstatic int *«f»(int x)\n{\n    return f(x);\n}\n",
            "f",
        ),
        (
            "class A {\n    «render»() {\n    }\n}\nx.render();",
            "render",
        ),
        (
            "    return f(1);\n    public static void «f»(int x) {\n    }\n",
            "f",
        ),
        ("limit: 3\n«retries»: 5\n", "retries"),
        ("a = b\n«b» = 2\n", "b"),
        ("macro_rules! «m» {\n}\nm!();", "m"),
        ("let mut «x» = 1;\nx += 1;", "x"),
    ];
    for (text, name) in cases {
        check(text, &symbol(name), Tier::Symbol);
    }
}

#[test]
fn how_symbols_are_written() {
    let text =
        "impl Other {\n    fn get() {}\n}\nimpl<T> Trait for Store<T> {\n    fn «get»() {}\n}\n";
    for name in [
        "Store::get",
        "Store<T>::get",
        "crate::store::Store::get()",
        "Store.get(key: &str)",
        "Store#get",
    ] {
        check(text, &symbol(name), Tier::Symbol);
    }
    let text = "class A:\n    def run(self):\n        pass\nclass B:\n    def «run»(self):\n        pass\n";
    check(text, &symbol("B.run"), Tier::Symbol);
    check(text, &symbol("def B.run(self)"), Tier::Symbol);
    let text = "func (a *A) Run() {}\nfunc (b *B) «Run»() {}\n";
    check(text, &symbol("B.Run"), Tier::Symbol);
    // A module's name is nowhere in its own file.
    check(
        "fn «parse»() {}\n",
        &symbol("module::parse()"),
        Tier::Symbol,
    );
}

#[test]
fn several_or_no_definitions() {
    let text = "impl A {\n    fn «new»() {}\n}\nimpl B {\n    fn «new»() {}\n}\n";
    check(text, &symbol("new"), Tier::Symbol);
    let text = "impl A {\n    fn new() {}\n}\n\n\nimpl B {\n    fn «new»() {}\n}\n";
    check(
        text,
        &quote("a quote of something else").symbol("new").line(9),
        Tier::Symbol,
    );
    check("fn f() {}\nrenew();\n", &symbol("new"), None);
    check("fn f() {}\n", &symbol("::()"), None);
    check("«»f();\n", &symbol(""), Tier::File);
}

#[test]
fn a_line_inside_the_symbol_is_better_than_its_name() {
    let text = "fn f() {\n    «a();»\n}\nfn g() {\n    b();\n}\n";
    check(text, &line(2).symbol("f"), Tier::Line);
    let text = "fn f() {\n    a();\n}\nfn «g»() {\n    b();\n}\n";
    check(text, &line(2).symbol("g"), Tier::Symbol);
    check(
        "fn f() {\n    «a();»\n}\n",
        &line(2).symbol("missing"),
        Tier::Line,
    );
}

#[test]
fn a_symbol_or_a_line_stands_in_for_a_lost_quote() {
    let lost = || quote("this was never in the file");
    check(
        "fn «f»() {\n    a();\n}\n",
        &lost().symbol("f").line(2),
        Tier::Symbol,
    );
    check("fn f() {\n    «a();»\n}\n", &lost().line(2), Tier::Line);
    check("fn f() {\n    a();\n}\n", &lost().line(20), None);
    check("fn f() {\n    a();\n}\n", &lost(), None);
}

#[test]
fn comments_before_a_symbol_belong_to_it() {
    let text = "/// Same words.\nfn f() {}\n\n/// «Same words».\n#[inline]\nfn g() {}\n";
    check(text, &quote("Same words").symbol("g"), Tier::Exact);
    let text = "void f(void)\n{\n    x();\n}\n\nvoid g(void)\n{\n    «x()»;\n}\n";
    check(text, &quote("x()").symbol("g"), Tier::Exact);
}

#[test]
fn the_only_match_inside_the_symbol_needs_no_number() {
    let text = "fn f() {\n    a();\n}\nfn g() {\n    a();\n}\n";
    let place = quote("a();").symbol("g").line(400);
    let start = text.rfind("a();").unwrap();
    assert_eq!(
        locate(&Text::new(text), &place, ""),
        Located::At {
            range: TextRange::new(start, start + 4),
            tier: Tier::Exact
        }
    );
}
