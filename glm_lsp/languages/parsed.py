"""The languages that have a grammar here, one record each."""

from __future__ import annotations

from glm_lsp.languages.record import Language


def _kinds(names: str) -> frozenset[str]:
    return frozenset(names.split())


PYTHON = Language(
    name="python",
    aliases=("py", "python3"),
    suffixes=(".py", ".pyi"),
    line_comments=("#",),
    block_comments=(),
    long_quotes=('"""', "'''"),
    grammar=("tree_sitter_python", "language"),
    definitions=_kinds("function_definition class_definition decorated_definition"),
    wrappers=_kinds("decorated_definition"),
    imports=_kinds("import_statement import_from_statement future_import_statement"),
    docstrings=True,
    import_line=r"(?:import \w|from [\w.]+ import\b)",
    import_list=r"(from\s+[\w.]+\s+import)\s*\(?([^()]*)\)?",
    imports_first=True,
    test_name="test_{}",
    tests_apart=True,
    overloads=False,
    explicit_self=True,
    stub="...",
    bare_end=":",
    blank_lines=2,
)

JAVASCRIPT = Language(
    name="javascript",
    aliases=("javascriptreact", "js", "jsx"),
    suffixes=(".js", ".jsx", ".mjs", ".cjs"),
    long_quotes=("`",),
    grammar=("tree_sitter_javascript", "language"),
    definitions=_kinds(
        "function_declaration generator_function_declaration class_declaration class"
        " method_definition"
    ),
    wrappers=_kinds("export_statement"),
    bindings=_kinds("lexical_declaration variable_declaration"),
    function_values=_kinds("arrow_function function_expression generator_function class"),
    imports=_kinds("import_statement using_declaration"),
    import_line=r"import\b(?!\s*\()|const [\w{}, ]+ = require\(",
    import_list=r"(import(?:\s+type)?\s*\{)([^{}]*)(\}\s*from\s*['\"][^'\"]+['\"];?)",
    imports_first=True,
    test_name="{}.test",
    overloads=False,
)

TYPESCRIPT = JAVASCRIPT._replace(
    name="typescript",
    kin="javascript",
    aliases=("ts",),
    suffixes=(".ts", ".mts", ".cts"),
    grammar=("tree_sitter_typescript", "language_typescript"),
    definitions=_kinds(
        "function_declaration generator_function_declaration class_declaration class"
        " abstract_class_declaration method_definition interface_declaration enum_declaration"
        " type_alias_declaration module"
    ),
    wrappers=_kinds("export_statement ambient_declaration"),
    imports=_kinds("import_statement"),
)

TYPESCRIPT_REACT = TYPESCRIPT._replace(
    name="typescriptreact",
    aliases=("tsx", "typescript.tsx"),
    suffixes=(".tsx",),
    grammar=("tree_sitter_typescript", "language_tsx"),
)

GO = Language(
    name="go",
    aliases=("golang",),
    suffixes=(".go",),
    long_quotes=("`",),
    grammar=("tree_sitter_go", "language"),
    definitions=_kinds("function_declaration method_declaration type_declaration"),
    imports=_kinds("import_declaration package_clause"),
    import_line=r"import\b",
    import_list=r"(import)\s*\(([^()]*)\)",
    import_group=True,
    overloads=False,
)

RUST = Language(
    name="rust",
    aliases=("rs",),
    suffixes=(".rs",),
    apostrophes=True,
    grammar=("tree_sitter_rust", "language"),
    definitions=_kinds(
        "function_item impl_item struct_item enum_item trait_item mod_item macro_definition"
    ),
    imports=_kinds("use_declaration extern_crate_declaration"),
    import_line=r"(?:pub(?:\([a-z]+\))? )?use [\w:]+",
    import_list=r"((?:pub\s+)?use\s+[\w:]+::\{)([^{}]*)(\};?)",
    imports_first=True,
    overloads=False,
    explicit_self=True,
)

C = Language(
    name="c",
    aliases=("h",),
    suffixes=(".c", ".h"),
    grammar=("tree_sitter_c", "language"),
    definitions=_kinds("function_definition struct_specifier"),
    bodied=_kinds("struct_specifier"),
    imports=_kinds("preproc_include"),
    import_line=r"#\s*include\b",
    imports_first=True,
    overloads=False,
)

OBJECTIVE_C = C._replace(
    name="objective-c",
    kin="c",
    aliases=("objc",),
    suffixes=(".m",),
    imports_first=False,
    overloads=True,
)

CPP = Language(
    name="cpp",
    aliases=("c++",),
    suffixes=(".cpp", ".hpp", ".cc", ".cxx", ".hh"),
    kin="c",
    grammar=("tree_sitter_cpp", "language"),
    definitions=_kinds("function_definition struct_specifier class_specifier template_declaration"),
    bodied=_kinds("struct_specifier class_specifier"),
    wrappers=_kinds("template_declaration"),
    imports=_kinds("preproc_include using_declaration"),
    import_line=r"#\s*include\b|using namespace\b",
    imports_first=True,
)

CSHARP = Language(
    name="csharp",
    aliases=("c-sharp", "c#", "cs"),
    suffixes=(".cs",),
    grammar=("tree_sitter_c_sharp", "language"),
    definitions=_kinds(
        "class_declaration interface_declaration enum_declaration struct_declaration"
        " record_declaration constructor_declaration method_declaration"
    ),
    imports=_kinds("using_directive"),
    import_line=r"using (?:static )?[\w.]+;",
    test_name="{}Tests",
)

JAVA = Language(
    name="java",
    suffixes=(".java",),
    grammar=("tree_sitter_java", "language"),
    definitions=_kinds(
        "class_declaration interface_declaration enum_declaration record_declaration"
        " constructor_declaration method_declaration"
    ),
    imports=_kinds("import_declaration package_declaration"),
    import_line=r"import [\w.]+",
    test_name="{}Test",
)

PHP = Language(
    name="php",
    suffixes=(".php",),
    line_comments=("//", "#"),
    grammar=("tree_sitter_php", "language_php"),
    definitions=_kinds(
        "function_definition class_declaration interface_declaration enum_declaration"
        " trait_declaration method_declaration"
    ),
    imports=_kinds("namespace_use_declaration use_declaration"),
    opening="<?php ",
    import_line=r"use [\w\\]+",
    test_name="{}Test",
)

RUBY = Language(
    name="ruby",
    aliases=("rb",),
    suffixes=(".rb",),
    line_comments=("#",),
    block_comments=(),
    manual=r"(?:(?<=\n)|\A)=begin\b[\s\S]*?(?:\n=end\b[^\n]*|\Z)",
    word_blocks=True,
    grammar=("tree_sitter_ruby", "language"),
    definitions=_kinds("class module method singleton_method"),
    import_line=r"require(?:_relative)? ",
    test_name="{}_spec",
)

LUA = Language(
    name="lua",
    suffixes=(".lua",),
    line_comments=("--",),
    block_comments=(),
    word_blocks=True,
    grammar=("tree_sitter_lua", "language"),
    definitions=_kinds("function_declaration function_definition"),
    test_name="{}_spec",
)

SHELL = Language(
    name="shellscript",
    aliases=("bash", "sh", "shell", "zsh"),
    suffixes=(".sh", ".bash", ".zsh"),
    line_comments=("#",),
    block_comments=(),
    word_blocks=True,
    grammar=("tree_sitter_bash", "language"),
    definitions=_kinds("function_definition"),
)

JSON = Language(name="json", suffixes=(".json",), grammar=("tree_sitter_json", "language"))

PARSED = (
    PYTHON,
    JAVASCRIPT,
    TYPESCRIPT,
    TYPESCRIPT_REACT,
    GO,
    RUST,
    C,
    OBJECTIVE_C,
    CPP,
    CSHARP,
    JAVA,
    PHP,
    RUBY,
    LUA,
    SHELL,
    JSON,
)
