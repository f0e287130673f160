"""Words that Streamlit has only in English, for views/words.css to put in their place."""

from views.messages import t


def words_css() -> str:
    """A rule that gives the reader's words to the style sheet, as strings."""
    words = {
        "upload-button": t("upload_button"),
        "upload-drop": t("upload_drop"),
        "upload-limit": t("upload_limit"),
        "lost-title": t("lost_title"),
        "lost-text": t("lost_text"),
        "no-option": t("no_option"),
        "skip": t("skip"),
        "enter": t("enter"),
    }
    return ":root{" + "".join(f'--yj-{name}:"{word}";' for name, word in words.items()) + "}"
