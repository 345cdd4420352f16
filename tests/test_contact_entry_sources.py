from datetime import datetime

from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_contact_entry import ContactCase


@tagged("post_install", "-at_install")
class TestContactOfMessage(ContactCase):
    """What a client wrote or said in the chatter."""

    def mail(self, deal, **values):
        return deal.message_post(
            **{
                "body": "Please call me",
                "subject": "Our order",
                "message_type": "email",
                "subtype_xmlid": "mail.mt_comment",
                **values,
            }
        )

    def mail_of_unknown(self, record, **values):
        """A mail as the gateway posts it where it knows no partner with the address."""
        return self.mail(record, author_id=False, email_from="new@client.example", **values)

    def log(self, message):
        return self.dialog(message.with_user(self.ivanov).action_log_contact()).save()

    def test_message_of_a_client(self):
        deal = self.deal()
        mail = deal.message_post(
            body="Please call me", subject="Our order", author_id=self.buyer.id,
            message_type="email", subtype_xmlid="mail.mt_comment",
        )  # fmt: skip
        mail.date = datetime(2026, 3, 4, 5, 6)
        form = self.dialog(mail.with_user(self.ivanov).action_log_contact())
        self.assertEqual(
            (form.kind, form.lead_id, form.contact_id, form.date, form.result),
            ("incoming_call", deal, self.buyer, mail.date, "Our order"),
        )
        log = form.save()
        self.assertEqual(log.message_id, mail)
        self.assertEqual(mail.with_user(self.ivanov).action_log_contact()["res_id"], log.id)
        self.sell()
        mail = mail.copy()
        form = self.dialog(mail.with_user(self.ivanov).action_log_contact())
        self.assertEqual(form.kind, "warm_contact", "An existing client wrote")
        note = deal.message_post(body="They called", author_id=self.buyer.id)
        form = self.dialog(note.with_user(self.ivanov).action_log_contact())
        self.assertEqual((form.kind, form.result), ("incoming_call", "They called"))

    def test_message_of_a_colleague(self):
        note = self.deal().message_post(body="Remember", author_id=self.sidorov.partner_id.id)
        with self.assertRaisesRegex(UserError, "Only what a client"):
            note.with_user(self.ivanov).action_log_contact()

    def test_mail_is_no_talk(self):
        self.director.name = "Zoya Director"
        deal = self.deal()
        log = self.log(self.mail(deal, author_id=self.director.id))
        self.assertEqual(
            (log.contact_id, log.kind, log.is_in_person), (self.director, "incoming_call", False)
        )
        self.assertEqual((log.counts_as, log.count_note), (False, "not_in_person"))
        # A program leaves it to the system.
        log = self.own.create({"message_id": self.mail(deal, author_id=self.director.id).id})
        self.assertEqual((log.counts_as, log.count_note), (False, "not_in_person"))
        note = deal.message_post(body="Called: wants a price", author_id=self.director.id)
        self.assertEqual(self.log(note).counts_as, "effective_call", "A note of a call is a talk")

    def test_mail_in_answer_to_a_note_is_no_talk(self):
        deal = self.deal()
        mail = self.mail(deal, author_id=self.director.id, subtype_xmlid="mail.mt_note")
        self.assertEqual(self.log(mail).count_note, "not_in_person")

    def test_mail_of_an_existing_client_is_no_warm_contact(self):
        deal = self.deal()
        self.sell()
        log = self.log(self.mail(deal, author_id=self.director.id))
        self.assertEqual((log.kind, log.count_note), ("warm_contact", "not_in_person"))

    def test_mail_of_an_unknown_sender(self):
        mail = self.mail_of_unknown(self.deal())
        self.assertFalse(mail.author_id)
        log = self.log(mail)
        self.assertEqual(
            (log.lead_id.partner_id, log.partner_id, log.message_id, log.result),
            (self.client, self.client, mail, "Our order"),
        )
        self.assertEqual(log.count_note, "not_in_person")
        self.assertEqual(mail.with_user(self.ivanov).action_log_contact()["res_id"], log.id)

    def test_mail_of_an_unknown_sender_about_a_person(self):
        deal = self.deal(partner_id=self.buyer.id)
        log = self.own.create({"message_id": self.mail_of_unknown(deal).id})
        self.assertEqual((log.contact_id, log.partner_id), (self.buyer, self.client))

    def test_mail_of_an_unknown_sender_to_a_new_lead(self):
        lead = self.deal(partner_id=False)
        log = self.log(self.mail_of_unknown(lead))
        self.assertEqual(
            (log.lead_id, log.partner_id, log.kind),
            (lead, self.env["res.partner"], "incoming_call"),
        )

    def test_only_mails_to_leads_come_from_unknown_senders(self):
        for message in (
            self.mail_of_unknown(self.buyer),
            self.mail_of_unknown(self.deal(), message_type="comment"),
        ):
            with self.assertRaisesRegex(UserError, "Only what a client"):
                message.with_user(self.ivanov).action_log_contact()
