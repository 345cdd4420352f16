from odoo.tests import tagged

from .test_contact_entry import ContactCase


@tagged("post_install", "-at_install")
class TestContactPerson(ContactCase):
    """What is said of the person while a contact is logged is kept on the person."""

    def test_role_is_kept_on_the_person(self):
        form = self.dialog(self.buyer.with_user(self.ivanov).action_log_contact())
        self.assertEqual((form.contact_id, form.partner_id), (self.buyer, self.client))
        form.contact_function = "Head of Purchasing"
        form.contact_is_decision_maker = True
        form.save()
        self.assertEqual(self.buyer.function, "Head of Purchasing")
        self.assertTrue(self.buyer.is_decision_maker)

    def test_role_in_the_decision(self):
        """Who decides nothing has a role as well: the user may well stop the purchase."""
        form = self.dialog(self.buyer.with_user(self.ivanov).action_log_contact())
        self.assertFalse(form.contact_decision_role)
        form.contact_decision_role = "uses"
        log = form.save()
        self.assertEqual((self.buyer.decision_role, self.buyer.is_decision_maker), ("uses", False))
        self.assertEqual(log.contact_decision_role, "uses")

    def test_each_part_of_the_role_is_written_alone(self):
        parts = {
            "contact_function": ("function", "Owner"),
            "contact_decision_role": ("decision_role", "pays"),
            "contact_is_decision_maker": ("is_decision_maker", False),
        }
        self.director.decision_role = "decides"
        expected = {"function": "Director", "decision_role": "decides", "is_decision_maker": True}
        log = self.own.create({"contact_id": self.director.id})
        for name, (of_person, value) in parts.items():
            expected[of_person] = value
            self.env.invalidate_all()
            log.write({name: value})
            self.assertEqual({part: self.director[part] for part in expected}, expected, name)
        log = self.own.create({"contact_id": self.director.id, "contact_function": "Founder"})
        self.assertEqual((self.director.function, self.director.decision_role), ("Founder", "pays"))

    def test_position_is_never_emptied(self):
        self.own.create({"contact_id": self.director.id, "contact_function": False})
        self.assertEqual(self.director.function, "Director")
