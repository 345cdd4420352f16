"""A browser's session with Odoo, without the browser."""

import csv
import io
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar


class WebSession:
    """Logs in as a user does and keeps the cookie."""

    def __init__(self, url, login, password):
        self.url = url
        self._open = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar())
        ).open
        page = self.page(
            "/web/login",
            csrf_token=self._token("/web/login"),
            login=login,
            password=password,
        )
        self.is_open = "oe_login_form" not in page

    def page(self, path, **form):
        """The text of a page; with ``form`` values it is posted to."""
        data = urllib.parse.urlencode(form).encode() if form else None
        return self.download(path, data).decode()

    def download(self, path, data=None):
        """What there is at a path, as bytes."""
        with self._open(self.url + path, data, timeout=120) as answer:
            return answer.read()

    def export(self, model, *names):
        """The rows of a CSV export of all records of ``model`` the user finds, as dicts.

        :return: None where Odoo answers with an error
        """
        request = {
            "model": model,
            "fields": [{"name": name, "label": name} for name in names],
            "ids": False,
            "domain": [],
            "import_compat": False,
            "groupby": [],
        }
        try:
            text = self.page(
                "/web/export/csv", data=json.dumps(request), csrf_token=self._token("/my")
            )
        except urllib.error.HTTPError:
            return None
        return list(csv.DictReader(io.StringIO(text)))

    def make_key(self, password):
        """Make an API key as the user's preferences do, confirming the password."""
        wizard = "res.users.apikeys.description"
        made = self.call(wizard, "create", {"name": "test", "duration": "1"})
        check = self.call(wizard, "make_key", [made])
        answer = self.call(check["res_model"], "run_check", [check["res_id"]], password=password)
        return answer["context"]["default_key"]

    def call(self, model, method, *arguments, **context):
        """Call a method as the web client does."""
        params = {
            "model": model,
            "method": method,
            "args": arguments,
            "kwargs": {"context": context},
        }
        request = urllib.request.Request(
            f"{self.url}/web/dataset/call_kw/{model}/{method}",
            data=json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with self._open(request, timeout=120) as response:
            answer = json.load(response)
        if "error" in answer:
            raise RuntimeError(answer["error"]["data"]["debug"])
        return answer["result"]

    def _token(self, path):
        return re.search(r'csrf_token"?[:=]?\s*(?:value=)?"(\w+)"', self.page(path)).group(1)
