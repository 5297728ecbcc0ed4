"""A reader of web pages for tests: ids, links, attributes and visible text, as a browser would take them."""

from html.parser import HTMLParser


class Page(HTMLParser):
    VOID = frozenset({"meta", "link", "br", "img", "input", "hr", "source"})

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []
        self.style = ""
        self.values: list[tuple[float, str]] = []
        self.headings: list[int] = []
        self._open: list[str] = []
        self._value: list[str] | None = None
        self.feed(content.decode("utf-8"))
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        if "id" in given:
            self.ids.append(given["id"] or "")
        if tag == "a":
            self.links.append(given["href"] or "")
        if tag == "data":
            self.values.append((float(given["value"] or "nan"), ""))
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open, tag
        assert self._open.pop() == tag, tag

    def handle_data(self, data):
        if self._open and self._open[-1] == "script":
            return
        if self._open and self._open[-1] == "style":
            self.style += data
            return
        if self._open and self._open[-1] == "data":
            value, text = self.values[-1]
            self.values[-1] = (value, text + data)
        self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())
