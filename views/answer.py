"""An answer as HTML. Every word of an article, a model or a reader is escaped; only the tags are ours."""

import re
from html import escape
from itertools import groupby

from rag.article import byline_of
from rag.export import safe_link
from rag.scope import describe_scope
from rag.tables import cells_of, is_row, tells_head
from rag.types import ALL, Answer, Article, Citation, Passage, Statement
from rag.voices import UNCLEAR
from views.messages import t
from views.quoted import quoted_html, words_after, words_before
from views.said import said, scope_said

CONTEXT = 60  # code points shown on either side of a quote; the reader pane has the rest


def question_html(text: str) -> str:
    """What the reader asked, as text."""
    return f'<div class="yj-question">{escape(text)}</div>'


def answer_html(answer: Answer, turn: int) -> str:
    """The statements with their marks, then one card per citation; `turn` makes the anchors of a page unique."""
    parts = [_scope_html(answer)]
    if answer.notice:
        parts.append(f'<p class="yj-notice">{escape(said(answer.notice))}</p>')
    if answer.differ:
        parts.append(_values_html(answer, turn))
    for subject, told in groupby(answer.statements, key=lambda statement: statement.subject):
        if subject:
            parts.append(f'<h2 class="yj-heading">{escape(subject)}</h2>')
        for are_rows, statements in groupby(told, key=lambda statement: is_row(statement.text)):
            drawn = "".join(_statement_html(answer, statement, turn) for statement in statements)
            parts.append(f'<table class="yj-table">{drawn}</table>' if are_rows else drawn)
    if answer.draft:
        parts.append(f'<p class="yj-draft">{escape(answer.draft)}</p>')
    if answer.citations:
        parts.append(f'<h2 class="yj-heading">{t("sources")}</h2>')
        parts += [_card_html(citation, answer.passages, turn) for citation in answer.citations]
    elif answer.nearest:
        parts.append(f'<h2 class="yj-heading">{t("nearest_sentences")}</h2>')
        parts += [_card_html(citation, answer.passages, turn) for citation in answer.nearest]
    elif answer.refused and answer.passages:
        parts.append(f"<details class='yj-nearest'><summary>{t('nearest_passages')}</summary>")
        parts += [_passage_html(passage) for passage in answer.passages[:3]]
        parts.append("</details>")
    return f'<div class="yj-answer" data-turn="{turn}">{"".join(parts)}</div>'


def _values_html(answer: Answer, turn: int) -> str:
    """The values that articles state differently, side by side: newest first, undated last; "" without two of them."""
    stated = [
        (statement, answer.citations[statement.citations[0] - 1].article)
        for statement in answer.statements
        if statement.emphasis and statement.citations
    ]
    if len({article.id for _, article in stated}) < 2:
        return ""
    items = []
    for statement, article in sorted(stated, key=lambda each: each[1].published or "", reverse=True):
        values = t("value_join").join(dict.fromkeys(statement.text[start:end] for start, end in statement.emphasis))
        items.append(
            f"<li><b>{escape(values)}</b><span>{escape(article.published or t('no_date'))}</span>"
            f"<span>{escape(f'《{article.title}》')}{_marks_html(answer, statement, turn)}</span></li>"
        )
    return f'<ul class="yj-values" aria-label="{escape(t("values"))}">{"".join(items)}</ul>'


def _statement_html(answer: Answer, statement: Statement, turn: int) -> str:
    """A statement with its marks: a paragraph, or a row of a table, where the marks have a cell of their own."""
    marks = _marks_html(answer, statement, turn) or f'<b class="yj-unverified">{t("unverified")}</b>'
    marks += _origins_html(answer, statement)
    if not is_row(statement.text):
        return f'<p class="yj-statement">{_words_html(statement)}{marks}</p>'
    cell = "th" if tells_head(answer, statement) else "td"
    cells = "".join(f"<{cell}>{_words_html(statement, *span)}</{cell}>" for span in cells_of(statement.text))
    return f'<tr class="yj-statement">{cells}<td>{marks}</td></tr>'


def _words_html(statement: Statement, first: int = 0, last: int | None = None) -> str:
    """The words of a statement, or those of a stretch of it, those that answer in bold."""
    last = len(statement.text) if last is None else last
    parts, at = [], first
    for start, end in statement.emphasis:
        if at <= start and end <= last:
            parts += [escape(statement.text[at:start]), f"<b>{escape(statement.text[start:end])}</b>"]
            at = end
    return "".join([*parts, escape(statement.text[at:last])])


def _scope_html(answer: Answer) -> str:
    """Which articles might answer, where not all of them."""
    if answer.scope == ALL:
        return ""
    described = describe_scope(answer.scope, {passage.article.id: passage.article for passage in answer.passages})
    return f'<p class="yj-scope">{escape(t("scope_of_answer", scope=scope_said(described)))}</p>'


def _origins_html(answer: Answer, statement: Statement) -> str:
    """How many independent sources a statement has, where that is fewer than the articles it cites."""
    if not answer.origins:
        return ""
    articles = len({answer.citations[n - 1].article.id for n in statement.citations})
    origins = len({answer.origins[n - 1] for n in statement.citations})
    if origins == articles:
        return ""
    return f'<small class="yj-origins">{t("origins", articles=articles, origins=origins)}</small>'


def _marks_html(answer: Answer, statement: Statement, turn: int) -> str:
    return "".join(_mark_html(answer.citations[n - 1], turn) for n in statement.citations)


def _mark_html(citation: Citation, turn: int) -> str:
    """A numbered mark that opens the reader pane, and shows the quote when it is pointed at, focused or tapped."""
    cite = f'data-cite="{turn}-{citation.marker}"'
    quote = citation.quote.strip("| ") if is_row(citation.quote) else citation.quote
    words = f"{escape(quote)}<small>{_source_html(citation)}</small><small>{t('mark_tap')}</small>"
    label = escape(t("mark_label", marker=citation.marker, title=citation.article.title))
    return (
        f'<span class="yj-mark"><a href="#{_anchor(citation, turn)}" target="_self" {cite} aria-label="{label}" '
        f'aria-describedby="{_anchor(citation, turn)}-quote">'
        f'{citation.marker}</a><span class="yj-tip" role="tooltip" {cite}>{words}</span></span>'
    )


def _card_html(citation: Citation, passages: tuple[Passage, ...], turn: int) -> str:
    passage = next(passage for passage in passages if passage.holds(citation))
    text, anchor = citation.article.text, _anchor(citation, turn)
    before = _without_empty_lines(text[passage.chunk.start : citation.start]).lstrip()
    after = _without_empty_lines(text[citation.end : passage.chunk.end]).rstrip()
    near, beyond = words_before(before, CONTEXT), words_after(after, CONTEXT)
    quote = (len(near), len(near) + len(citation.quote))
    quoted = quoted_html(near + citation.quote + beyond, quote, f"{anchor}-quote")
    reader = f'<a href="#{anchor}" target="_self" data-cite="{turn}-{citation.marker}">{t("read")}</a>'
    return (
        f'<section class="yj-card" id="{anchor}" tabindex="-1">'
        f'<header><b class="yj-number">{citation.marker}</b> {_source_html(citation)}{reader}{_link_html(citation)}'
        f"</header><blockquote>{quoted}</blockquote>{_flags_html(citation)}</section>"
    )


def _flags_html(citation: Citation) -> str:
    told = [t("flag_" + flag.replace(" ", "_")) for flag in dict.fromkeys(citation.flags)]
    return "".join(f'<p class="yj-flag">{text}</p>' for text in told)


def _passage_html(passage: Passage) -> str:
    article = passage.article
    title = f"<header>《{escape(article.title)}》 · {escape(article.published or t('no_date'))}</header>"
    words = quoted_html(_without_empty_lines(passage.chunk.text).strip())
    return f'<section class="yj-card">{title}<blockquote>{words}</blockquote></section>'


def _without_empty_lines(text: str) -> str:
    return re.sub(r"\s*\n\s*", "\n", text)


def source_line(citation: Citation) -> str:
    """By whom and when the article of a citation was published, and whose word the quote is where that is known."""
    voice = [t("voice_" + citation.voice)] if citation.voice != UNCLEAR else []
    return " · ".join([article_line(citation.article), *voice])


def article_line(article: Article) -> str:
    """By whom and when an article was published."""
    return f"{byline_of(article) or t('no_author')} · {article.published or t('no_date')}"


def _source_html(citation: Citation) -> str:
    return escape(f"《{citation.article.title}》 · {source_line(citation)}")


def _link_html(citation: Citation) -> str:
    if not (url := safe_link(citation.article.url)):
        return ""
    return f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer">{t("original")}</a>'


def _anchor(citation: Citation, turn: int) -> str:
    return f"yj-{turn}-{citation.marker}"


def footer_text(answer: Answer) -> str:
    """Who answered, where somebody did, from which generation, in what time."""
    name = t("extractive_short") if answer.is_extractive else t("llm", name=answer.answerer)
    seconds = answer.timings_ms.get("total", 0) / 1000
    searched = t("footer", generation=answer.index_generation, seconds=seconds)
    return f"{name} · {searched}" if answer.statements else searched
