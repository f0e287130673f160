"""A reader of the page without a browser: speaks the messages of Streamlit over its websocket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

SUBPROTOCOLS = [websockets.Subprotocol("streamlit")]
LARGEST = 200_000_000  # bytes of a message
ANSWERED = ("yj-card", "yj-notice", "yj-nearest")  # an answer shows at least one of them


class PageReader:
    """One session of the page. It asks as a reader does: by its text box, once the page has been drawn."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket
        self._box = ""  # id of the text box

    @classmethod
    @asynccontextmanager
    async def open(cls, port: int) -> AsyncIterator["PageReader"]:
        """A new session, its page drawn."""
        url = f"ws://127.0.0.1:{port}/_stcore/stream"
        async with websockets.connect(url, subprotocols=SUBPROTOCOLS, max_size=LARGEST, proxy=None) as socket:
            reader = cls(socket)
            await reader._run(BackMsg())
            yield reader

    async def ask(self, question: str) -> str:
        """Ask, and wait until the answer is on the page; gives "" or what is wrong with it."""
        message = BackMsg()
        state = message.rerun_script.widget_states.widgets.add(id=self._box)
        state.chat_input_value.data = question
        html, problem = await self._run(message)
        return problem or ("" if any(mark in html for mark in ANSWERED) else "no answer")

    async def _run(self, message: BackMsg) -> tuple[str, str]:
        """Let the page run, and again as often as it asks for it; gives its HTML and the error that it shows, or ""."""
        if not message.HasField("rerun_script"):
            message.rerun_script.query_string = ""
        await self._socket.send(message.SerializeToString())
        html, problem = [], ""
        while True:
            got = ForwardMsg()
            got.ParseFromString(await self._socket.recv())  # type: ignore[arg-type]  # the page sends bytes
            element = got.delta.new_element
            kind = element.WhichOneof("type") if got.WhichOneof("type") == "delta" else None
            if kind == "chat_input":
                self._box = element.chat_input.id
            elif kind == "html":
                html.append(element.html.body)
            elif kind == "exception" or (kind == "alert" and element.alert.format == element.alert.ERROR):
                problem = kind
            elif got.WhichOneof("type") == "script_finished" and got.script_finished == got.FINISHED_SUCCESSFULLY:
                return "".join(html), problem
