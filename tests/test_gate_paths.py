import json
from datetime import timedelta
from typing import Any, NamedTuple

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, HttpCase, new_test_user, tagged

from .test_gates import _READY, GateCase


class Gated(NamedTuple):
    """One gate, and how a deal comes to lack what it asks for, and to have it.

    :param gate: what is set on the stage
    :param word: what the refusal says
    :param fill: gives the deal what it lacks
    :param start: place of the stage the deal stands on
    :param target: place of the stage it shall enter
    :param gated: place of the stage with the gate, if it is another
    :param new: values a deal is created with that lacks nothing; None where a new one always does
    :param is_refused_new: whether a deal can be refused at birth
    :param owner: who has the deal; the head moves what is not Ivanov's
    """

    gate: dict
    word: str
    fill: Any
    start: int = 0
    target: int = 1
    gated: int | None = None
    new: dict | None = None
    is_refused_new: bool = True
    owner: str = "ivanov"


@tagged("post_install", "-at_install")
class TestGatePaths(GateCase, HttpCase):
    """Every gate on every path: closed, and nothing changed, until it has what it asks for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.trainee = new_test_user(
            cls.env, "test_trainee", groups="sales_team.group_sale_salesman", name="Novikov"
        )
        cls.env["crm.team.member"].create(
            {"crm_team_id": cls.team.id, "user_id": cls.trainee.id, "sales_role": "trainee"}
        )
        cls.stages.write({"gate_level": False})
        cls.known_client = cls.client.copy({"name": "Known", "website": "https://example.com"})
        cls.pairs = {
            (start, owner): cls.env["crm.lead"].create(
                [
                    {
                        "name": f"Deal {number}",
                        "type": "opportunity",
                        "team_id": cls.team.id,
                        "stage_id": cls.stages[start].id,
                        "partner_id": cls.client.copy({"name": "Client"}).id,
                        "user_id": getattr(cls, owner).id,
                    }
                    for number in (1, 2)
                ]
            )
            for start, owner in ((0, "ivanov"), (1, "ivanov"), (2, "ivanov"), (1, "trainee"))
        }
        cls.env.cr.flush()
        cls.keys = {
            user: cls.env["res.users.apikeys"]
            .with_user(user)
            .sudo()
            ._generate("rpc", "test", fields.Datetime.now() + timedelta(days=1))
            for user in (cls.ivanov, cls.head)
        }

    def gates(self):
        """Every gate by its name."""
        known = {"city": "Samara", "contact_name": "Olga", "function": "Director"}
        person = {"city": "Samara", "function": "Director", "contact_name": "Olga"}
        return {
            "basics": Gated(
                {"gate_level": "contact"},
                "address or phone",
                lambda lead: lead.write({"phone": "+7 812 1"}),
                new={"phone": "+7 812 1"},
            ),
            "potential": Gated(
                {"gate_level": "potential"},
                "position of the contact person",
                lambda lead: lead.write(known),
                new=person,
            ),
            "need": Gated(
                {"gate_level": "need"},
                "6 questions",
                lambda lead: lead.write({"questionnaire": _READY}),
                new={"questionnaire": _READY},
            ),
            "buyer": Gated({"gate_level": "buyer"}, "a quotation with products", self.quote),
            "regular": Gated(
                {"gate_level": "regular"},
                "a quotation with products",
                lambda lead: self.quote(lead).action_confirm(),
            ),
            "own lead field": Gated(
                {"gate_lead_field_ids": self.field("crm.lead", "expected_revenue")},
                "Expected Revenue",
                lambda lead: lead.write({"expected_revenue": 5}),
                new={"expected_revenue": 5},
            ),
            "client field": Gated(
                {"gate_client_field_ids": self.field("res.partner", "website")},
                "Website Link of the client",
                lambda lead: lead.partner_id.write({"website": "https://example.com"}),
                new={"partner_id": self.known_client.id},
            ),
            "contact of a kind": Gated(
                {"gate_contact_kind": "meeting"}, "a logged contact: Meeting", self.log_meeting
            ),
            "quotation": Gated(
                {"gate_quotation": True},
                "a quotation",
                lambda lead: self.quote(lead, order_line=[]),
            ),
            "no skipping": Gated(
                {"forbid_skipping": True}, "step by step", self.stand_on_presentation, 1, 3
            ),
            "no moving back": Gated(
                {"forbid_moving_back": True},
                "nobody goes back",
                lambda lead: self.set_grace(60),
                2,
                1,
                gated=2,
                is_refused_new=False,
                new={},
            ),
            "trainee": Gated(
                {},
                "beyond cold work",
                lambda lead: lead.write({"user_id": self.ivanov.id}),
                1,
                2,
                new={},
                owner="trainee",
            ),
        }

    def field(self, model, name):
        return [Command.link(self.env["ir.model.fields"]._get(model, name).id)]

    def log_meeting(self, lead):
        self.env["crm.contact.log"].create(
            {"lead_id": lead.id, "kind": "meeting", "user_id": self.ivanov.id}
        )

    def stand_on_presentation(self, lead):
        for stage in (self.presentation, self.acquaintance):
            lead.stage_id = stage
            self.env.cr.flush()

    # -- paths --------------------------------------------------------------------------------

    def by_write(self, leads, stage):
        leads.write({"stage_id": stage.id})

    def by_web_save(self, leads, stage):
        """What the status bar and the form send."""
        for lead in leads:
            lead.web_save({"stage_id": stage.id}, {"stage_id": {"fields": {"name": {}}}})

    def by_form(self, leads, stage):
        for lead in leads:
            with Form(lead) as form:
                form.stage_id = stage

    def by_import(self, leads, stage):
        result = leads.load(
            [".id", "stage_id/.id"], [[str(each), str(stage.id)] for each in leads.ids]
        )
        if result["messages"]:
            self.assertFalse(result["ids"])
            raise ValidationError(result["messages"][0]["message"])

    def by_json2(self, leads, stage):
        answer = self.url_open(
            "/json/2/crm.lead/write",
            data=json.dumps({"ids": leads.ids, "vals": {"stage_id": stage.id}}),
            headers={
                "Authorization": f"Bearer {self.keys[leads.env.user]}",
                "Content-Type": "application/json",
            },
        )
        if answer.status_code != 200:
            self.assertEqual(answer.status_code, 422, answer.text)
            raise ValidationError(answer.json()["message"])

    # -- what holds on them -------------------------------------------------------------------

    def check_each(self, check):
        """Check every gate on its own: no other is set, and nothing of the one before is left."""
        for name, gated in self.gates().items():
            with self.subTest(gate=name), self.cr.savepoint() as savepoint:
                place = gated.target if gated.gated is None else gated.gated
                self.stages[place].write(gated.gate)
                check(gated)
                savepoint.rollback()

    def lacking(self, gated):
        """Two deals that lack what the gate asks for, as the one sees them who shall move them."""
        return self.pairs[gated.start, gated.owner].with_user(self.mover(gated))

    def mover(self, gated):
        return self.ivanov if gated.owner == "ivanov" else self.head

    def assert_refused(self, path, leads, gated, error=ValidationError):
        stages = leads.mapped("stage_id")
        with self.assertRaisesRegex(error, gated.word), self.cr.savepoint():
            path(leads, self.stages[gated.target])
        leads.invalidate_recordset()
        self.assertEqual(leads.mapped("stage_id"), stages)
        self.assertFalse(self.Bypass.search([("lead_id", "in", leads.ids)]))

    def assert_accepted(self, path, leads, gated):
        path(leads, self.stages[gated.target])
        leads.invalidate_recordset()
        self.assertEqual(leads.mapped("stage_id"), self.stages[gated.target])
        self.assertFalse(self.Bypass.search([("lead_id", "in", leads.ids)]))

    def check_path(self, path):
        def check(gated):
            lead = self.lacking(gated)[0]
            self.assert_refused(path, lead, gated)
            gated.fill(lead.sudo())
            self.assert_accepted(path, lead, gated)

        self.check_each(check)

    # -- every gate on every path -------------------------------------------------------------

    def test_write(self):
        self.check_path(self.by_write)

    def test_form(self):
        self.check_path(self.by_form)

    def test_status_bar(self):
        self.check_path(self.by_web_save)

    def test_import(self):
        self.check_path(self.by_import)

    def test_json2(self):
        self.check_path(self.by_json2)

    def test_many_at_once(self):
        """One that lacks something holds back the others, too."""

        def check(gated):
            good, bad = self.lacking(gated)
            if gated.word != "nobody goes back":
                # That is not of the deal, but of the time.
                gated.fill(good.sudo())
            self.assert_refused(self.by_write, good | bad, gated)
            gated.fill(bad.sudo())
            self.assert_accepted(self.by_write, good | bad, gated)

        self.check_each(check)

    def test_create(self):
        def check(gated):
            values = {
                "name": "New",
                "type": "opportunity",
                "team_id": self.team.id,
                "stage_id": self.stages[gated.target].id,
                "partner_id": self.client.id,
                "user_id": getattr(self, gated.owner).id,
            }
            Lead = self.env["crm.lead"].with_user(self.mover(gated))
            domain = [("team_id", "=", self.team.id)]
            before = self.env["crm.lead"].search_count(domain)
            if gated.is_refused_new:
                with (
                    self.assertRaisesRegex(ValidationError, gated.word),
                    self.cr.savepoint(),
                ):
                    Lead.create(values)
                self.assertEqual(self.env["crm.lead"].search_count(domain), before)
            if gated.new is not None:
                lead = Lead.create({**values, "user_id": self.ivanov.id, **gated.new})
                self.assertEqual(lead.stage_id, self.stages[gated.target])
                self.assertFalse(self.Bypass.search([("lead_id", "=", lead.id)]))

        self.check_each(check)

    def test_override(self):
        """The leader alone lets a deal pass, with a reason; it is listed if it lacked anything."""

        def check(gated):
            (lead, filled), stage = self.lacking(gated), self.stages[gated.target]
            for user, reason, error in (
                (self.ivanov, "He signs today", AccessError),
                (self.head, " ", UserError),
            ):
                with self.assertRaises(error), self.cr.savepoint():
                    lead.with_user(user).action_override_gate(stage.id, reason)
                lead.invalidate_recordset()
                self.assertEqual(lead.stage_id, self.stages[gated.start])
            lead.with_user(self.head).action_override_gate(stage.id, "He signs today")
            self.assertEqual(lead.stage_id, stage)
            [row] = self.Bypass.search([("lead_id", "=", lead.id)])
            self.assertRegex(row.missing, gated.word)
            self.assertEqual((row.how, row.reason), ("override", "He signs today"))
            gated.fill(filled.sudo())
            filled.with_user(self.head).action_override_gate(stage.id, "He signs today")
            self.assertEqual(filled.stage_id, stage)
            self.assertFalse(self.Bypass.search([("lead_id", "=", filled.id)]))

        self.check_each(check)
