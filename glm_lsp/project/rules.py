"""Where definitions stand in each grammar's trees: one record a grammar.

Invariant: a record holds names of nodes and fields and nothing else; a language without one is
known by its words alone.
"""

from __future__ import annotations

from typing import NamedTuple


class Rules(NamedTuple):
    """One grammar. Names are those of its nodes.

    Attributes:
        functions, classes, fields, variables, types: what defines such a thing.
        scopes: what only gives its name to what stands in it, as an `impl` of Rust.
        spaces: what has a name and holds definitions that are not its members.
        through: what holds definitions and is none itself.
        imports: what names other files.
        bases: the fields and nodes of a class that hold what it is derived from.
        returns: the fields that hold a type.
        assigned: assignments define, at the top and in a class.
    """

    functions: frozenset[str]
    classes: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    variables: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    spaces: frozenset[str] = frozenset()
    through: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    bases: frozenset[str] = frozenset()
    returns: tuple[str, ...] = ("return_type", "result", "returns", "type")
    assigned: bool = False


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


PYTHON = Rules(
    functions=_set("function_definition"),
    classes=_set("class_definition"),
    types=_set("type_alias_statement"),
    through=_set(
        "module decorated_definition if_statement elif_clause else_clause try_statement"
        " except_clause finally_clause with_statement block ERROR"
    ),
    imports=_set("import_statement import_from_statement"),
    bases=_set("superclasses"),
    assigned=True,
)

JAVASCRIPT = Rules(
    functions=_set(
        "function_declaration generator_function_declaration method_definition function_signature"
        " method_signature abstract_method_signature"
    ),
    classes=_set(
        "class_declaration abstract_class_declaration interface_declaration enum_declaration"
    ),
    fields=_set("field_definition public_field_definition property_signature enum_assignment"),
    variables=_set("variable_declarator"),
    types=_set("type_alias_declaration"),
    spaces=_set("internal_module module"),
    through=_set(
        "program export_statement lexical_declaration variable_declaration class_body"
        " interface_body object_type enum_body statement_block ambient_declaration"
        " expression_statement ERROR"
    ),
    imports=_set("import_statement export_statement"),
    bases=_set("class_heritage extends_type_clause extends_clause implements_clause"),
    assigned=True,
)

GO = Rules(
    functions=_set("function_declaration method_declaration method_elem method_spec"),
    classes=_set("type_spec"),
    fields=_set("field_declaration"),
    variables=_set("const_spec var_spec"),
    types=_set("type_alias"),
    through=_set(
        "source_file type_declaration const_declaration var_declaration struct_type"
        " field_declaration_list interface_type var_spec_list ERROR"
    ),
    imports=_set("import_declaration"),
)

RUST = Rules(
    functions=_set("function_item function_signature_item macro_definition"),
    classes=_set("struct_item enum_item trait_item union_item"),
    fields=_set("field_declaration enum_variant"),
    variables=_set("const_item static_item"),
    types=_set("type_item associated_type"),
    scopes=_set("impl_item"),
    spaces=_set("mod_item"),
    through=_set(
        "source_file declaration_list field_declaration_list enum_variant_list"
        " foreign_mod_item ERROR"
    ),
    imports=_set("use_declaration mod_item"),
    bases=_set("bounds"),
)

C = Rules(
    functions=_set("function_definition preproc_function_def"),
    classes=_set("struct_specifier union_specifier enum_specifier class_specifier"),
    fields=_set("field_declaration enumerator"),
    variables=_set("declaration preproc_def"),
    types=_set("type_definition alias_declaration"),
    spaces=_set("namespace_definition"),
    through=_set(
        "translation_unit preproc_if preproc_ifdef preproc_else preproc_elif declaration_list"
        " linkage_specification field_declaration_list enumerator_list template_declaration ERROR"
    ),
    imports=_set("preproc_include"),
    bases=_set("base_class_clause"),
    returns=("type",),
)

JAVA = Rules(
    functions=_set("method_declaration constructor_declaration compact_constructor_declaration"),
    classes=_set(
        "class_declaration interface_declaration enum_declaration record_declaration"
        " annotation_type_declaration"
    ),
    fields=_set("field_declaration enum_constant constant_declaration"),
    through=_set("program class_body interface_body enum_body enum_body_declarations ERROR"),
    imports=_set("import_declaration"),
    bases=_set("superclass interfaces extends_interfaces super_interfaces"),
)

CSHARP = Rules(
    functions=_set("method_declaration constructor_declaration delegate_declaration"),
    classes=_set(
        "class_declaration interface_declaration struct_declaration record_declaration"
        " enum_declaration"
    ),
    fields=_set("property_declaration field_declaration enum_member_declaration event_declaration"),
    spaces=_set("namespace_declaration file_scoped_namespace_declaration"),
    through=_set("compilation_unit declaration_list enum_member_declaration_list ERROR"),
    imports=_set("using_directive"),
    bases=_set("base_list"),
)

PHP = Rules(
    functions=_set("function_definition method_declaration"),
    classes=_set("class_declaration interface_declaration trait_declaration enum_declaration"),
    fields=_set("property_declaration const_declaration enum_case"),
    spaces=_set("namespace_definition"),
    through=_set("program declaration_list enum_declaration_list compound_statement ERROR"),
    imports=_set("namespace_use_declaration"),
    bases=_set("base_clause class_interface_clause"),
)

RUBY = Rules(
    functions=_set("method singleton_method"),
    classes=_set("class module"),
    through=_set("program body_statement singleton_class ERROR"),
    bases=_set("superclass"),
    assigned=True,
)

LUA = Rules(
    functions=_set("function_declaration"),
    through=_set("chunk variable_declaration ERROR"),
    assigned=True,
)

SHELL = Rules(
    functions=_set("function_definition"),
    through=_set("program if_statement ERROR"),
    variables=_set("variable_assignment"),
)

_RULES = {
    "tree_sitter_python": PYTHON,
    "tree_sitter_javascript": JAVASCRIPT,
    "tree_sitter_typescript": JAVASCRIPT,
    "tree_sitter_go": GO,
    "tree_sitter_rust": RUST,
    "tree_sitter_c": C,
    "tree_sitter_cpp": C,
    "tree_sitter_java": JAVA,
    "tree_sitter_c_sharp": CSHARP,
    "tree_sitter_php": PHP,
    "tree_sitter_ruby": RUBY,
    "tree_sitter_lua": LUA,
    "tree_sitter_bash": SHELL,
}


def rules_of(grammar: tuple[str, str] | None) -> Rules | None:
    """Return the rules for a grammar; None when there are none."""
    return _RULES.get(grammar[0]) if grammar is not None else None
