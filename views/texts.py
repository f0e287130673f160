"""Every Chinese sentence of the page, once."""

from rag.errors import CorpusError, IndexDamaged, IndexMismatch, IndexMissing, ModelError, RagError

TITLE = "引据"
TAGLINE = "向文章提问，每句话都有出处"
ASK = "输入问题，回车发送"
EXAMPLES = "可以这样问"
CLEAR = "清空对话"
STATUS = "{articles} 篇文章 · {chunks} 个文本块 · 第 {generation} 代索引（{created}）"
SEARCHING = "检索、阅读、核对……"
LOADING = "正在打开文章库，首次约需十秒……"
SOURCES = "出处"
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
STALE = "新的索引打不开，暂用上一代。请重新运行 python -m ingest。"

_ERRORS: dict[type[RagError], str] = {
    IndexMissing: "还没有索引。请在终端运行 python -m ingest，再刷新本页。",
    IndexMismatch: "索引是用另一个向量模型建的。请重新运行 python -m ingest，或把 YINJU_EMBEDDING_MODEL 改回去。",
    IndexDamaged: "索引已损坏。请删除索引文件夹，再运行 python -m ingest。",
    ModelError: "模型无法加载。请检查 YINJU_EMBEDDING_MODEL 和 YINJU_LLM 的设置，详情见终端日志。",
    CorpusError: "文章文件夹无法使用。请检查 YINJU_CORPUS 指向的文件夹。",
}
_OTHER = "出错了，没有得到回答。请重试一次；若仍出错，请查看终端日志。"


def error_text(error: Exception) -> str:
    """One Chinese sentence for an error, with what to do."""
    return next((text for kind, text in _ERRORS.items() if isinstance(error, kind)), _OTHER)
