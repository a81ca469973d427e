"""What a judge found: one line per fault, so that a failed test reads as a list."""


class Findings:
    """Collects faults; a judge never stops at the first one."""

    def __init__(self, tools_optional):
        self.lines = []
        self.notices = []
        self.tools_optional = tools_optional

    def add(self, judge, text):
        """One fault, as one line."""
        line = " ".join(str(text).split())
        self.lines.append(f"{judge}: {line}")

    def check(self, judge, condition, text):
        """Adds the fault unless the condition holds."""
        if not condition:
            self.add(judge, text)
        return condition

    def tool_missing(self, tool):
        """A reader is not installed: a fault, unless the caller said that it may be missing."""
        if self.tools_optional:
            self.notices.append(f"notice: {tool} is not installed: not judged by it")
        else:
            self.add(tool, "is not installed (run tests/judges/install)")
