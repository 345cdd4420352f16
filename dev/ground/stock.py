"""The suites of Odoo's own CRM, run with our addon beside it.

`make test-stock` fails for what fails there and is not in the list of what fails without us;
`make test-stock ARGS=--without` makes that list anew.
"""

from . import browser
from .databases import Databases
from .locking import state_lock
from .paths import CHECKOUT, DEV
from .report import say
from .server import borrowed_cluster
from .stock_report import known
from .testing import DATABASE, create, pytest

LIST = CHECKOUT / "tests" / "stock_failures.txt"
HEAD = """\
# What fails of Odoo's own suites without our addon: `make test-stock ARGS=--without` makes this
# list anew and keeps the reasons.
"""
NO_REASON = "reason unknown"

ENFORCEMENT_OFF = """
env["ir.config_parameter"].set_param("sales_funnel_control.enforcement", "off")
env.cr.commit()
"""
# Beside the addons, what Odoo itself tries of activities and meetings, which ours turn into
# contacts.
SUITES = (
    *("crm", "sales_team", "sale", "sale_crm", "loyalty", "sale_loyalty", "rating", "utm"),
    "mail/tests/test_mail_activity.py",
    "calendar/tests/test_calendar_activity.py",
    "calendar/tests/test_mail_activity_mixin.py",
)
COMBINED_SUITES = (
    *("test_crm_full", "website_crm", "website_crm_partner_assign", "website_crm_iap_reveal"),
    *("crm_iap_enrich", "crm_iap_mine", "crm_sms", "event_crm"),
)
# The suites, and the templates of the databases they run in: with our addon, and without.
RUNS = (
    (SUITES, "switched_on", "stock"),
    (COMBINED_SUITES, "combined_switched_on", "combined"),
)


def run(odoo, arguments):
    """Run the stock suites; what is not an option of ours goes to pytest.

    :return: an exit code, 0 where nothing fails that does not without us
    """
    browser.need()
    without = "--without" in arguments
    arguments = [argument for argument in arguments if argument != "--without"]
    found = odoo.data.parent / "stock_failures.txt"
    found.unlink(missing_ok=True)
    names = ("SFC_STOCK_FOUND", found) if without else ("SFC_STOCK_KNOWN", LIST)
    codes = []
    with state_lock("test run"), borrowed_cluster(odoo):
        for suites, *templates in RUNS:
            create(Databases(odoo), templates[without])
            if not without:
                # Those suites lose leads without a reason.
                odoo.script("switching our rules off", ENFORCEMENT_OFF, DATABASE)
            codes.append(
                pytest(
                    odoo,
                    ["-p", "ground.stock_report", *arguments],
                    default=[_folder(odoo, suite) for suite in suites],
                    env={
                        names[0]: str(names[1]),
                        "SFC_STOCK_DATABASE": DATABASE,
                        "PYTHONPATH": f"{odoo.env['PYTHONPATH']}:{DEV}",
                    },
                )
            )
    if without and not any(codes):
        _write(found)
    return max(codes)


def _folder(odoo, suite):
    addon, _, path = suite.partition("/")
    return odoo.source.folder(addon) / (path or "tests")


def _write(found):
    listed = known(LIST)
    failed = found.read_text().splitlines() if found.exists() else []
    lines = [f"{test}  # {listed.get(test) or NO_REASON}\n" for test in sorted({*failed})]
    LIST.write_text(HEAD + "".join(lines))
    say(f"{len(failed)} tests fail without the addon: {LIST}")
