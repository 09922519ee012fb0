"""Whatever its values are, a sentence is recognised, and nothing of it is lost."""

from hypothesis import given
from hypothesis import strategies as st

from wxlive.language import DOMAIN, LOCALE, Catalogue, Pattern
from wxlive.settings import Language

ZH = Catalogue.load(Language.ZH, (DOMAIN, LOCALE))
PATTERNS = st.sampled_from(ZH.patterns)
VALUES = st.text("0123456789-.:/ÄЖ直播间", min_size=1, max_size=12)


@given(PATTERNS, st.data())
def test_the_values_of_a_sentence_are_found_again(pattern: Pattern, data: st.DataObject) -> None:
    values = {name: data.draw(VALUES) for name in pattern.names}
    sentence = pattern.message.format(**values)
    found = pattern.values(sentence)

    assert found is not None
    assert pattern.message.format(**found) == sentence


@given(PATTERNS, st.data())
def test_a_translation_has_every_value_of_the_sentence(
    pattern: Pattern, data: st.DataObject
) -> None:
    values = {name: f"«{data.draw(st.integers(0))}»" for name in pattern.names}
    shown = ZH.shown(pattern.message.format(**values))

    assert all(value in shown for value in values.values())


@given(st.text())
def test_any_text_can_be_shown(text: str) -> None:
    assert isinstance(ZH.shown(text), str)
