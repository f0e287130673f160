"""Words that Streamlit has only in English: words.css puts ours in their place, words.js names what is read aloud."""

from views.messages import t
from views.scripts import script

ALOUD = {
    "Sidebar": "sidebar",
    "Collapse sidebar": "collapse",
    "Expand sidebar": "expand",
    "App pages": "pages",
    "Chat message from user": "question",
    "Chat message from assistant": "answer",
    "Send message": "send",
    "Show password text": "show",
    "Hide password text": "hide",
    "Choose date": "date",
    "Open": "options",
    "Close": "close",
    "file upload": "upload",
    "Copy to clipboard": "copy",
}


def words_css() -> str:
    """A rule that gives the reader's words to the style sheet, as strings."""
    words = {
        "upload-button": t("upload_button"),
        "upload-drop": t("upload_drop"),
        "upload-limit": t("upload_limit"),
        "lost-title": t("lost_title"),
        "lost-text": t("lost_text"),
        "no-page-title": t("no_page_title"),
        "no-page-text": t("no_page_text"),
        "no-option": t("no_option"),
        "skip": t("skip"),
        "enter": t("enter"),
    }
    return ":root{" + "".join(f'--yj-{name}:"{word}";' for name, word in words.items()) + "}"


def name_aloud() -> None:
    """Give the names of parts of the page that are only read aloud."""
    names = {english: t(f"aloud_{name}") for english, name in ALOUD.items()}
    parts = {
        '[data-testid="stSkipToContent"]': t("skip"),
        '[data-testid="stFileUploaderDropzone"] button': t("upload_button"),
    }
    script("words")(key="yj-words", data={"names": names, "parts": parts, "help": ["Help for ", t("aloud_help")]})
