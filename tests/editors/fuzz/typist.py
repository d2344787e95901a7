"""A person at the keyboard of Neovim: what is typed while GLM writes, and how fast.

Invariant: every item begins and ends in normal mode, whatever the text is then, so that what
is typed never depends on what GLM has done by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    import random

    from tests.editors.fuzz.scenarios import Scenario

INIT = r"""
vim.o.autoindent = true
vim.o.completeopt = 'menu,menuone'
vim.o.swapfile = false
-- Pairs as their plugins make them: the closing one is typed over.
for opening, closing in pairs({ ['('] = ')', ['['] = ']' }) do
  vim.keymap.set('i', opening, opening .. closing .. '<C-g>U<Left>')
  vim.keymap.set('i', closing, function()
    local line, column = vim.api.nvim_get_current_line(), vim.fn.col('.')
    return line:sub(column, column) == closing and '<C-g>U<Right>' or closing
  end, { expr = true })
end
"""


@frozen
class Stroke:
    """Some keys, and how long the hand rests after them.

    Attributes:
        keys: in Neovim's notation, one key an item.
        rest: seconds.
        token: what must be in the text that the user put in.
    """

    keys: tuple[str, ...]
    rest: float
    token: str = ""


def make(dice: random.Random, scenario: Scenario) -> list[Stroke]:
    """Make up what is typed during one run."""
    undoes = dice.random() < 0.08
    near = dice.choice((0.2, 0.6, 0.9))
    rest = dice.choice((0.01, 0.03, 0.08))
    strokes = []
    for number in range(dice.randint(1, 10)):
        where = _place(dice, scenario, near)
        what, token = _deed(dice, number)
        if undoes and dice.random() < 0.3:
            what = dice.choice(("u", "u", "u<C-r>", "uu"))
            token = ""
        strokes.append(Stroke(split(where + what), dice.random() * rest, token))
    return strokes


def split(keys: str) -> tuple[str, ...]:
    """Return the single keys of a piece of Neovim's notation."""
    found, rest = [], keys
    while rest:
        end = rest.find(">") + 1 if rest[0] == "<" and rest[1:2].isalpha() else 1
        found.append(rest[: end or 1])
        rest = rest[end or 1 :]
    return tuple("<lt>" if key == "<" else key for key in found)


def _place(dice: random.Random, scenario: Scenario, near: float) -> str:
    first, end = scenario.target
    if dice.random() < near:
        line = f"{dice.randint(first + 1, end + 1)}G"
    else:
        line = dice.choice(
            ("", "gg", "G", "j", "k", "3j", "2k", f"{max(first, 1)}G", f"{end + 2}G")
        )
    return line + dice.choice(("", "", "^", "w", "2w", "$", "0"))


def _deed(dice: random.Random, number: int) -> tuple[str, str]:
    word = dice.choice(("alpha", "beta", "gamma", "delta")) + "qz"[number % 2] + "wvyx"[number % 4]
    if dice.random() < 0.55:
        return dice.choice(COMMANDS), ""
    keys = dice.choice(TYPED).format(word=word)
    return keys, "" if keys.startswith("ci") else word  # There may be nothing to change inside.


COMMANDS = r"""
dd dd dd 2dd J J 3J gJ ddp ddp ddkP yyp yyP 2yyjp D x 3x X ~ rZ . . Vd VjdP Vjd Vp xp dw db
>> << >j :m<Space>+1<CR> :m<Space>-2<CR> V:m<Space>'>+1<CR> :s/a/b/e<CR> :s/value/valve/ge<CR>
:.,+2s/l/L/ge<CR> :s/^/#/<CR> gUU A<CR><Esc> O<Esc> o<Esc> A<BS><BS><Esc> I<BS><Esc> a<C-w><Esc>
i<C-u><Esc> A<C-x><C-l><C-e><Esc> A<C-n><Esc> ova<C-n><C-y><Esc> ova<C-n><C-n><C-e><Esc>
oit<C-x><C-l><C-n><CR><Esc> A<Del><Esc> Rab<BS><BS><Esc> yiwP dapP cc<Esc> S<Esc> v3ld vjy$p
<C-v>jI#<Esc> <C-v>jjx <C-v>j$A;<Esc> :%s/value/valve/ge<CR> :g/step_1/d<CR> :t.<CR> :.,+2d<CR>
qqA;<Esc>q@q 5dd dG dgg dip >} =ap :m0<CR> :m$<CR> vjJ vjU g~~ 3. <C-a> D2J "ayyj"aP
""".split()

TYPED = (
    "o{word}<Esc>",
    "O{word} = 1<Esc>",
    "A  # {word}<Esc>",
    "I{word} <Esc>",
    "cc{word} = 1<Esc>",
    "ci){word}<Esc>",
    "C{word}<Esc>",
    "o{word}(1, [2<Esc>",
    "ofor i in {word}:<CR>pass<Esc>",
    "i{word}<CR><Esc>",
    "i<CR>{word}<Esc>",
    "aab<BS><BS>{word}<Esc>",
    "ione <C-w>{word}<Esc>",
    "i{word}<Left><Left><Up>q<Down>z<Esc>",
    "A<CR>{word}<CR><CR>end<Esc>",
    "cw{word}<Esc>",
    "s{word}<Esc>j.",
    "o{word}<Esc>ddp",
    "o{word} 🙂é<Esc>",
)
