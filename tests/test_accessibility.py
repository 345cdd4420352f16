import os
from pathlib import Path
from unittest import skipUnless

from odoo.tests import HttpCase, new_test_user, tagged

WALK = Path(__file__).resolve().parent / "accessibility" / "screens.js"
# Where axe lies, which comes from npm: the run of all tests names it.
AXE = os.environ.get("SFC_AXE")
# Whether all views of our menus are looked at, or only the screens that are no views.
EVERYTHING = os.environ.get("SFC_AXE_EVERYTHING")

LOOK = """
accessibility.%(method)s().then(({looked, found}) => {
    if (found.length || !looked) {
        const head = `${looked} menus, ${found.length} serious findings:`;
        console.error([head, ...found].join("\\n"));
    } else {
        console.log("test successful");
    }
}, (error) => console.error(error.stack));
"""


@tagged("post_install", "-at_install")
@skipUnless(AXE, "SFC_AXE does not name axe.min.js")
class TestAccessibility(HttpCase):
    """Nothing of ours is a serious hindrance: names, roles, labels, contrast."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.axe = Path(AXE).read_text(encoding="utf-8")

    def look(self, login, method, timeout):
        self.browser_js(
            # Another screen than those that are looked at: each is waited for.
            "/odoo/discuss",
            self.axe + ";\n" + WALK.read_text(encoding="utf-8") + LOOK % {"method": method},
            login=login,
            timeout=timeout,
        )

    def test_screens(self):
        for login, group in (
            ("test_axe_head", "sales_team.group_sale_manager"),
            ("test_axe_seller", "sales_team.group_sale_salesman"),
        ):
            with self.subTest(login=login):
                new_test_user(self.env, login, groups=group)
                self.look(login, "screens", 120)

    @skipUnless(EVERYTHING, "SFC_AXE_EVERYTHING is not set")
    def test_every_view_of_every_menu(self):
        head = new_test_user(self.env, "test_axe_head", groups="sales_team.group_sale_manager")
        lead = self.env["crm.lead"].create({"name": "To be called", "user_id": head.id})
        # Without a call to make, the calls of the day are no screen.
        lead.activity_schedule("mail.mail_activity_data_call", user_id=head.id)
        self.look("test_axe_head", "everything", 3600)
