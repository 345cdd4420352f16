"""A caller of Odoo's JSON-2, made of the standard library only."""

import json
import urllib.error
import urllib.request


class Refused(Exception):
    """Odoo's answer to a call it did not carry out."""

    def __init__(self, status, answer):
        super().__init__(f"HTTP {status}: {answer.get('name')}: {answer.get('message')}")
        self.status = status
        self.name = answer.get("name") or ""
        self.message = answer.get("message") or ""


class Client:
    """Calls methods of models as the user to whom the API key belongs."""

    def __init__(self, url, database, key):
        self.url = url.rstrip("/")
        self.headers = {
            "Authorization": f"bearer {key}",
            "Content-Type": "application/json",
            "X-Odoo-Database": database,
        }

    def call(self, model, method, **arguments):
        """Call ``method`` with named arguments (``ids`` for those on records).

        :raise Refused: where Odoo answers with anything but success
        """
        request = urllib.request.Request(
            f"{self.url}/json/2/{model}/{method}",
            data=json.dumps(arguments).encode(),
            headers=self.headers,
        )
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise Refused(error.code, _body(error)) from None


def _body(error):
    text = error.read().decode(errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        return {"message": text}
