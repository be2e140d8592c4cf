"""Taking an older invisible text layer off a page that was read anew: only what nobody sees, else nothing.

Invisible is text in rendering mode 3 (ISO 32000-1, 9.3.6): in the page's own contents, or in a form
XObject that draws nothing else. Text that is drawn and then covered by an image is left alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pikepdf
from pikepdf import Array, Dictionary, Name, Operator, Pdf

from ingest.graft import inherited_of
from ingest.layer_font import packed
from ingest.pdfnature import decoded_length

_LONGEST = 4 << 20  # bytes of contents; a page with more keeps what it has
_DEEPEST = 10
_INVISIBLE = 3
_Instruction = pikepdf.ContentStreamInstruction | pikepdf.ContentStreamInlineImage
_SHOWS = frozenset(("Tj", "TJ", "'", '"'))
_PAINTS = frozenset(("f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "sh", "INLINE IMAGE", "W", "W*"))


def remove_invisible_text(pdf: Pdf, page: pikepdf.Page) -> bool:
    """Take invisible text out of a page's contents; return whether there was any.

    Raises what pikepdf raises on damage.
    """
    if not _is_short(page.obj.get("/Contents")):
        return False
    sight = _Sight(inherited_of(page, "/Resources"))
    instructions = list(pikepdf.parse_content_stream(page))
    kept = list(sight.kept(instructions))
    if len(kept) == len(instructions):
        return False
    page.obj.Contents = packed(pdf, pikepdf.unparse_content_stream(kept))
    return True


@dataclass(slots=True)
class _Sight:
    """What a content stream shows: ``mode`` is the rendering mode of its text, ``drawn`` whether anything is seen."""

    resources: pikepdf.Object | None
    mode: int = 0
    drawn: bool = False
    depth: int = 0
    _stack: list[int] = field(default_factory=list)

    def kept(self, instructions: Iterable[_Instruction]) -> Iterator[_Instruction]:
        """Yield instructions without those that show invisible text: whole text objects in which nothing is seen."""
        text: list[tuple[_Instruction, bool]] | None = None
        for instruction in instructions:
            name = str(instruction.operator)
            hidden = self._is_hidden(name, instruction)
            if name == "BT":
                text = []
            if text is None:
                if not hidden:
                    yield instruction
                continue
            text.append((instruction, hidden))
            if name == "ET":
                yield from _without_hidden(text)
                text = None
        yield from (instruction for instruction, _ in text or ())

    def _is_hidden(self, name: str, instruction: _Instruction) -> bool:
        """Follow one instruction; say whether all it does is to show text that cannot be seen."""
        if name == "q":
            self._stack.append(self.mode)
        elif name == "Q" and self._stack:
            self.mode = self._stack.pop()
        elif name == "Tr":
            self.mode = _whole(instruction.operands)
        elif name in _SHOWS:
            self.drawn |= self.mode != _INVISIBLE
            return self.mode == _INVISIBLE
        elif name == "Do":
            hidden = self._is_hidden_form(str(instruction.operands[0]) if instruction.operands else "")
            self.drawn |= not hidden
            return hidden
        else:
            self.drawn |= name in _PAINTS
        return False

    def _is_hidden_form(self, name: str) -> bool:
        """Say whether an XObject is a form that shows invisible text, and nothing else."""
        if not isinstance(self.resources, Dictionary) or self.depth == _DEEPEST:
            return False
        form = self.resources.get("/XObject", Dictionary()).get(name)
        if not isinstance(form, pikepdf.Stream) or form.get("/Subtype") != Name.Form or not _is_short(form):
            return False
        inner = _Sight(form.get("/Resources", self.resources), self.mode, depth=self.depth + 1)
        instructions = list(pikepdf.parse_content_stream(form))
        kept = list(inner.kept(instructions))
        return not inner.drawn and len(kept) < len(instructions)


def _without_hidden(text: list[tuple[_Instruction, bool]]) -> Iterator[_Instruction]:
    """Yield a text object without what it shows, if all of that is hidden; what is set in it may hold beyond."""
    shows = [hidden for instruction, hidden in text if str(instruction.operator) in _SHOWS]
    for instruction, hidden in text:
        if not hidden or not all(shows):
            yield instruction
        elif str(instruction.operator) == '"' and len(instruction.operands) == 3:
            yield pikepdf.ContentStreamInstruction([instruction.operands[0]], Operator("Tw"))
            yield pikepdf.ContentStreamInstruction([instruction.operands[1]], Operator("Tc"))


def _whole(operands: Iterable[object]) -> int:
    first = next(iter(operands), 0)
    return first if isinstance(first, int) else 0


def _is_short(contents: pikepdf.Object | None) -> bool:
    """Say whether streams are coded in a way, and are of a length, that may be taken apart."""
    streams = list(contents) if isinstance(contents, Array) else [contents]
    lengths = [decoded_length(stream, _LONGEST) for stream in streams]
    return None not in lengths and sum(length or 0 for length in lengths) <= _LONGEST
