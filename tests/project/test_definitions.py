"""What a text defines, in each language that has rules."""

from __future__ import annotations

from importlib import import_module

import pytest
import tree_sitter

from glm_lsp.languages import LANGUAGES, language_named
from glm_lsp.project.facts import Facts, facts_of, key_of
from glm_lsp.project.rules import Rules, rules_of

SAMPLES = {
    "python": (
        "class Circle(Shape):\n    '''A round one. Not more.'''\n    sides: int = 0\n"
        "    def __init__(self, radius: float = 1, *rest) -> None:\n        self.radius = radius\n"
        "    def area(self) -> float: ...\n"
        "def scaled(shape, by):\n    def inner(x): ...\n    return inner\nUNIT = Circle(1)\n",
        "class Circle(Shape)|Circle.sides: int|Circle.__init__(radius, *rest)|Circle.radius: float"
        "|Circle.area(): float|scaled(shape, by)|inner(x)|UNIT: Circle",
    ),
    "typescript": (
        "export interface Shape { area(): number; name: string }\n"
        "export class Circle extends Base implements Shape {\n  radius: number = 1;\n"
        "  scale(by: number, ...rest: string[]): Circle { return this; }\n}\n"
        "export const twice = (shape: Shape) => shape;\nexport type Id = string | number;\n"
        "enum Color { Red, Green = 2 }\n",
        "interface Shape|Shape.area(): number|Shape.name: string"
        "|class Circle extends Base implements Shape|Circle.radius: number"
        "|Circle.scale(by, rest): Circle|twice(shape)|type Id = string | number;"
        "|enum Color|Color.Green",
    ),
    "javascript": (
        "class A extends B { size = 1; go(x) {} }\nexports.made = function (a, b) {};\n"
        "A.prototype.late = function (c) {};\nfunction* some(n) {}\n",
        "class A extends B|A.size|A.go(x)|made(a, b)|A.late(c)|some(n)",
    ),
    "go": (
        "package a\ntype Circle struct {\n\tRadius, Depth float64\n}\n"
        "type Shape interface {\n\tArea() float64\n}\n"
        "func (c *Circle) Scale(by float64, n int) error { return nil }\nconst Unit = 1\n",
        "Circle|Circle.Radius: float64|Circle.Depth: float64|Shape|Shape.Area(): float64"
        "|Circle.Scale(by, n): error|Unit",
    ),
    "rust": (
        "pub struct Circle { pub radius: f64 }\nimpl Shape for Circle {\n"
        "    fn scale(&mut self, by: f64) -> Self { todo!() }\n}\n"
        "pub trait Shape { fn area(&self) -> f64; }\nenum Color { Red, Green(u8) }\n"
        "const UNIT: f64 = 1.0;\n",
        "struct Circle|Circle.radius: f64|Circle.scale(by): Self|trait Shape"
        "|Shape.area(): f64|enum Color|Color.Red|Color.Green|UNIT: f64",
    ),
    "java": (
        "public class Circle extends Base {\n  private int radius = 1;\n"
        "  Circle(int radius) {}\n  double area(double by, int n) { return 1; }\n}\n"
        "enum Color { RED, GREEN }\n",
        "class Circle extends Base|Circle.radius: int|Circle.Circle(radius)"
        "|Circle.area(by, n): double|enum Color|Color.RED|Color.GREEN",
    ),
    "c": (
        "struct circle { double radius; };\ndouble area(struct circle *c, int n) { return 1; }\n"
        "#define UNIT 1\nvoid later(int first);\n",
        "struct circle|circle.radius: double|area(c, n): double|UNIT|later(first)",
    ),
    "cpp": (
        "namespace a {\nclass Circle : public Shape {\n public:\n  double area(int n) const;\n"
        "  int radius;\n};\n}\n",
        "class Circle : public Shape|Circle.area(n): double|Circle.radius: int",
    ),
    "csharp": (
        "namespace A {\n  public class Circle : Shape {\n    public int Radius { get; set; }\n"
        "    public double Area(int by) { return 1; }\n  }\n}\n",
        "class Circle : Shape|Circle.Radius: int|Circle.Area(by): double",
    ),
    "php": (
        "<?php\nclass Circle extends Shape {\n  public $radius = 1;\n"
        "  function area(int $by): float { return 1; }\n}\n",
        "class Circle extends Shape|Circle.radius|Circle.area(by): float",
    ),
    "ruby": (
        "class Circle < Shape\n  attr_reader :radius\n  def area(by, n = 1)\n  end\nend\n",
        "class Circle < Shape|Circle.radius|Circle.area(by, n)",
    ),
    "lua": (
        "function Circle.area(by, n)\nend\nlocal function own(x) end\n",
        "Circle.area(by, n)|own(x)",
    ),
    "shellscript": ("build() {\n  :\n}\nNAME=1\n", "build()|NAME"),
}

EARLIER = ("method_spec",)
"""What earlier releases of a grammar call a node."""


@pytest.mark.parametrize("language", SAMPLES)
def test_definitions_and_their_signatures(language: str) -> None:
    """Each language's functions, classes and fields are found, with owner and parameters."""
    source, expected = SAMPLES[language]
    found = facts_of(language_named(language), source).definitions
    shown = [f"{each.owner}.{each.signature}".lstrip(".") for each in found]
    assert "|".join(shown) == expected


def test_every_grammar_has_rules_and_a_sample() -> None:
    """A workspace's definitions are found in each language with a grammar; JSON has none."""
    rules = {each.name: rules_of(each.grammar) for each in LANGUAGES if each.grammar is not None}
    assert [name for name, found in rules.items() if found is None] == ["json"]
    tried = {id(rules[name]) for name in SAMPLES}
    assert [name for name, found in rules.items() if found and id(found) not in tried] == []


def test_what_rules_name_is_in_a_grammar() -> None:
    """A node or a field that no grammar of the rules has is a slip of the pen."""
    known: dict[Rules, set[str]] = {}
    for each in LANGUAGES:
        if each.grammar is not None and (rules := rules_of(each.grammar)):
            module, function = each.grammar
            grammar = tree_sitter.Language(getattr(import_module(module), function)())
            kinds = (grammar.node_kind_for_id(index) for index in range(grammar.node_kind_count))
            fields = (grammar.field_name_for_id(at + 1) for at in range(grammar.field_count))
            known.setdefault(rules, {"ERROR", *EARLIER}).update(filter(None, (*kinds, *fields)))
    for rules, names in known.items():
        sets = (value for value in rules if isinstance(value, frozenset))
        assert set().union(*sets) - names == set()


def test_a_docstring_and_a_comment_above_are_kept() -> None:
    """The first sentence of what is said about a definition is known."""
    python = facts_of(language_named("python"), SAMPLES["python"][0]).definitions
    assert python[0].doc == "A round one."
    go = facts_of(language_named("go"), "package a\n\n// Area is how large.\nfunc Area() {}\n")
    assert go.definitions[0].doc == "Area is how large."


def test_a_text_with_errors_gives_the_rest() -> None:
    """A line that is being written hides nothing of the others."""
    source = "class A:\n    def one(self, x): ...\n    def two(self):\n        return self.(\n\n"
    source += "def three(y): ...\n"
    found = facts_of(language_named("python"), source).definitions
    assert {"A", "one", "three"} <= {each.name for each in found}


def test_facts_are_written_and_read() -> None:
    """What is kept between starts comes back as it was; another text has another key."""
    source = SAMPLES["python"][0]
    facts = facts_of(language_named("python"), source)
    assert Facts.read(facts.written()) == facts
    assert key_of("python", b"a") != key_of("python", b"b") != key_of("go", b"b")


def test_a_language_without_rules_has_words() -> None:
    """Without a grammar no definition is found, and no word is lost."""
    facts = facts_of(language_named("haskell"), "area circle = circle + radius\n")
    assert facts.definitions == []
    assert facts.words == ["area", "circle", "radius"]


def test_a_field_has_the_type_of_the_parameter_that_it_is_given() -> None:
    """What a constructor is given with a type it keeps with it."""
    python = "class A:\n    def __init__(self, shape: Shape):\n        self.kept = shape\n"
    typescript = "class A {\n  constructor(private readonly kept: Shape, other: Size) {}\n}\n"
    for language, text in (("python", python), ("typescript", typescript)):
        found = facts_of(language_named(language), text).definitions
        assert [each.type for each in found if each.kind == "field"] == ["Shape"]


def test_what_only_a_call_says_is_no_type() -> None:
    """What a class makes is of it; what a function returns is not said."""
    text = "made = shapes.Circle()\nread = shapes.of_file()\n"
    found = facts_of(language_named("python"), text).definitions
    assert [each.signature for each in found] == ["made: shapes.Circle", "read"]
