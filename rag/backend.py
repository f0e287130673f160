"""The backend that the settings name."""

from rag.embedded import EMBEDDED
from rag.errors import SettingsError
from rag.settings import Settings
from rag.store import Backend


def open_backend(settings: Settings) -> Backend:
    """The backend that the settings name. Raises SettingsError where it is not installed."""
    if not settings.milvus_uri:
        return EMBEDDED
    try:
        from rag.milvus import MilvusBackend  # it takes two seconds to import
    except ImportError as error:
        raise SettingsError(
            f"YINJU_MILVUS_URI is set, but {error.name} is not installed: pip install -e '.[milvus]', or unset it",
            f"设置了 YINJU_MILVUS_URI，但没有安装 {error.name}：请运行 pip install -e '.[milvus]'，或去掉这个设置",
        ) from error
    return MilvusBackend(settings.milvus_uri, settings.milvus_alias, settings.milvus_token.get_secret_value())
