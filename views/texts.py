"""Every Chinese sentence of the page, once."""

from rag.errors import RagError

TITLE = "引据"
TAGLINE = "向文章提问，每句话都有出处"
ASK = "输入问题，回车发送"
EXAMPLES = "可以这样问"
CLEAR = "清空对话"
STATUS = "{articles} 篇文章 · {chunks} 个文本块 · 第 {generation} 代索引（{created}）"
SEARCHING = "检索、阅读、核对……"
LOADING = "正在打开文章库，首次约需十秒……"
SOURCES = "出处"
NEAREST_SENTENCES = "最相近的原文（没有回答这个问题）"
NEAREST = "看看最相近的段落（它们没有回答这个问题）"
WHOLE_PASSAGE = "展开全段"
ORIGINAL = "查看原文"
NO_AUTHOR = "作者未注明"
NO_DATE = "日期未注明"
MARK_LABEL = "出处 {marker}"
EXTRACTIVE = "原文摘编（没有使用大模型，句子均为文章原话）"
LLM = "由 {name} 撰写，逐句与原文核对"
EXTRACTIVE_SHORT = "原文摘编"
FOOTER = "{answerer} · 第 {generation} 代索引 · {seconds:.2f} 秒"
ORIGINS = "（{articles} 篇文章，{origins} 个独立来源）"
SEARCH = "检索详情"
SCOPE = "范围"
SCOPE_OF_ANSWER = "范围　{scope}"
SCOPE_HELP = "只在符合以下条件的文章里找答案。每一项可选多个，符合其中一个即可。"
SCOPE_SINCE = "起始日期"
SCOPE_UNTIL = "截止日期"
SCOPE_SOURCES = "来源（作者或发布者）"
SCOPE_TAGS = "标签"
SCOPE_ARTICLES = "文章"
SCOPE_ANY = "不限"
SCOPE_CLEAR = "不限范围"
FLAGS = {
    "broken date": "⚠ 原文此处的日期似有缺字，照录未改",
    "broken figure": "⚠ 原文此处的数字似有残缺，照录未改",
    "cut sentence": "⚠ 原文这一句似乎没有写完，照录未改",
    "replacement character": "⚠ 原文此处有乱码，照录未改",
}
STALE = "新的索引打不开，暂用上一代。请重新运行 python -m ingest。"

_OTHER = "出错了，没有得到回答。请重试一次；若仍出错，请查看终端日志。"


def error_text(error: Exception) -> str:
    """One Chinese sentence for an error, with what to do."""
    return f"{error.chinese.rstrip('。')}。" if isinstance(error, RagError) and error.chinese != str(error) else _OTHER
