"""An answer as HTML. Every word of an article, a model or a reader is escaped; only the tags are ours."""

import re
from html import escape

from rag.scope import describe_scope
from rag.types import ALL, Answer, Citation, Passage, Statement
from views.messages import t

CONTEXT = 60  # code points shown on either side of a quote before the whole passage is opened
_SAFE_LINKS = ("https://", "http://")


def question_html(text: str) -> str:
    """What the reader asked, as text."""
    return f'<div class="yj-question">{escape(text)}</div>'


def answer_html(answer: Answer, turn: int) -> str:
    """The statements with their marks, then one card per citation; `turn` makes the anchors of a page unique."""
    parts = [_scope_html(answer)]
    if answer.notice:
        parts.append(f'<p class="yj-notice">{escape(answer.notice)}</p>')
    quotes = {citation.marker: citation for citation in answer.citations}
    for statement in answer.statements:
        marks = "".join(_mark_html(quotes[n], turn) for n in statement.citations)
        parts.append(f'<p class="yj-statement">{_words_html(statement)}{marks}{_origins_html(answer, statement)}</p>')
    if answer.draft:
        parts.append(f'<p class="yj-draft">{escape(answer.draft)}</p>')
    if answer.citations:
        parts.append(f'<h4 class="yj-heading">{t("sources")}</h4>')
        parts += [_card_html(citation, answer.passages, turn) for citation in answer.citations]
    elif answer.nearest:
        parts.append(f'<h4 class="yj-heading">{t("nearest_sentences")}</h4>')
        parts += [_card_html(citation, answer.passages, turn) for citation in answer.nearest]
    elif answer.refused and answer.passages:
        parts.append(f"<details class='yj-nearest'><summary>{t('nearest_passages')}</summary>")
        parts += [_passage_html(passage) for passage in answer.passages[:3]]
        parts.append("</details>")
    return f'<div class="yj-answer" data-turn="{turn}">{"".join(parts)}</div>'


def _words_html(statement: Statement) -> str:
    """The words of a statement, those that answer in bold."""
    parts, at = [], 0
    for start, end in statement.emphasis:
        parts += [escape(statement.text[at:start]), f"<b>{escape(statement.text[start:end])}</b>"]
        at = end
    return "".join([*parts, escape(statement.text[at:])])


def _scope_html(answer: Answer) -> str:
    """Which articles might answer, where not all of them."""
    if answer.scope == ALL:
        return ""
    described = describe_scope(answer.scope, {passage.article.id: passage.article for passage in answer.passages})
    return f'<p class="yj-scope">{escape(t("scope_of_answer", scope=described))}</p>'


def _origins_html(answer: Answer, statement: Statement) -> str:
    """How many independent sources a statement has, where that is fewer than the articles it cites."""
    if not answer.origins:
        return ""
    articles = len({answer.citations[n - 1].article.id for n in statement.citations})
    origins = len({answer.origins[n - 1] for n in statement.citations})
    if origins == articles:
        return ""
    return f'<small class="yj-origins">{t("origins", articles=articles, origins=origins)}</small>'


def _mark_html(citation: Citation, turn: int) -> str:
    """A numbered mark that leads to its card and shows the quote when it is pointed at or focused."""
    words = f"{escape(citation.quote)}<br><small>{_source_html(citation)}</small>"
    tip = f'<span class="yj-tip" role="tooltip">{words}</span>'
    label = escape(t("mark_label", marker=citation.marker))
    return (
        f'<span class="yj-mark"><a href="#{_anchor(citation, turn)}" target="_self" aria-label="{label}">'
        f"{citation.marker}</a>{tip}</span>"
    )


def _card_html(citation: Citation, passages: tuple[Passage, ...], turn: int) -> str:
    passage = next(passage for passage in passages if passage.holds(citation))
    text = citation.article.text
    before = _without_empty_lines(text[passage.chunk.start : citation.start]).lstrip()
    after = _without_empty_lines(text[citation.end : passage.chunk.end]).rstrip()
    near = (f"…{before[-CONTEXT:]}" if len(before) > CONTEXT else before).lstrip()
    beyond = f"{after[:CONTEXT]}…" if len(after) > CONTEXT else after
    quote = f"<mark>{escape(citation.quote)}</mark>"
    shown = f"<blockquote>{escape(near)}{quote}{escape(beyond)}</blockquote>"
    if (near, beyond) != (before, after):
        whole = f"<blockquote>{escape(before)}{quote}{escape(after)}</blockquote>"
        shown += f"<details><summary>{t('whole_passage')}</summary>{whole}</details>"
    return (
        f'<section class="yj-card" id="{_anchor(citation, turn)}" tabindex="-1">'
        f'<header><b class="yj-number">{citation.marker}</b> {_source_html(citation)}{_link_html(citation)}</header>'
        f"{shown}{_flags_html(citation)}</section>"
    )


def _flags_html(citation: Citation) -> str:
    told = [t("flag_" + flag.replace(" ", "_")) for flag in dict.fromkeys(citation.flags)]
    return "".join(f'<p class="yj-flag">{text}</p>' for text in told)


def _passage_html(passage: Passage) -> str:
    article = passage.article
    title = f"<header>《{escape(article.title)}》 · {escape(article.published or t('no_date'))}</header>"
    words = escape(_without_empty_lines(passage.chunk.text).strip())
    return f'<section class="yj-card">{title}<blockquote>{words}</blockquote></section>'


def _without_empty_lines(text: str) -> str:
    return re.sub(r"\s*\n\s*", "\n", text)


def _source_html(citation: Citation) -> str:
    article = citation.article
    by = article.author or article.publisher or t("no_author")
    return escape(f"《{article.title}》 · {by} · {article.published or t('no_date')}")


def _link_html(citation: Citation) -> str:
    url = citation.article.url or ""
    if not url.startswith(_SAFE_LINKS):
        return ""
    return f' · <a href="{escape(url)}" target="_blank" rel="noopener noreferrer">{t("original")}</a>'


def _anchor(citation: Citation, turn: int) -> str:
    return f"yj-{turn}-{citation.marker}"


def footer_text(answer: Answer) -> str:
    """Which answerer was at work, on which generation, in what time."""
    name = t("extractive_short") if answer.answerer == "extractive" else t("llm", name=answer.answerer)
    seconds = answer.timings_ms.get("total", 0) / 1000
    return t("footer", answerer=name, generation=answer.index_generation, seconds=seconds)
