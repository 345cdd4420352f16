"""What the fuzz found, each call by itself."""

from datetime import date, datetime

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .common import BLACKLISTED
from .owned_rows import ADDON, OwnedRows

# Typing errors that Odoo's own fields let pass.
ENDS_OF_THE_CALENDAR = (datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59))


@tagged("post_install", "-at_install")
class TestBadInput(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owned = OwnedRows(cls.env).fill()
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.env.invalidate_all()

    def seen_by(self, reader, model, owner=None):
        records = self.env[model]
        if owner:
            records = self.owned.rows.get((model, owner)) or self.owned.things[owner][model]
        return records.with_user(self.owned.people[reader])

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_a_decision_is_not_offered_to_strangers(self):
        for reader in ("portal", "other_manager"):
            row = self.seen_by(reader, "crm.weekly.review.transition", "salesperson")
            with self.assertRaises(AccessError):
                row.action_decide()

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_launches_are_of_one_company(self):
        """Neither is one stopped from outside, nor does the refusal name the program."""
        for reader in ("portal", "other_manager"):
            campaign = self.seen_by(reader, "utm.campaign", "salesperson")
            for method in ("action_launch", "action_stop_launch", "action_resume_launch"):
                with self.subTest(reader=reader, method=method):
                    with self.assertRaises(AccessError) as refused:
                        getattr(campaign, method)()
                    self.assertNotIn("Of salesperson", str(refused.exception))

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_mails_come_in_by_those_who_create_leads(self):
        """Nobody else puts words into the chatter of a blacklisted client."""
        self.env["ir.config_parameter"].set_param("sales_funnel_control.enforcement", "on")
        client = self.env["res.partner"].create({"name": "Listed (test)", **BLACKLISTED})
        mail = {"subject": "Hello", "from": "somebody@example.com", "author_id": client.id}
        with self.assertRaises(AccessError):
            self.seen_by("portal", "crm.lead").message_new(mail)

    def test_nobody_wakes_a_run_that_is_not_there(self):
        cron = self.env.ref(f"sales_funnel_control.{self.env['crm.lead.class.run']._run_cron}")
        before = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        self.seen_by("portal", "crm.lead.class.run").action_start()
        after = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        self.assertEqual(after, before)

    def test_a_funnel_is_a_teams(self):
        builder = self.seen_by("manager", "crm.funnel.builder").browse([0])
        with self.assertRaisesRegex(UserError, "Choose the team"):
            builder.action_build()

    def test_wrong_values_are_answered(self):
        stages = self.seen_by("manager", "crm.stage")
        board = self.seen_by("manager", "crm.control.board")
        lead = self.seen_by("manager", "crm.lead", "salesperson")
        gate = self.seen_by("manager", "crm.stage.gate.pass")
        timetable = self.seen_by("manager", "crm.timetable")
        review = self.seen_by("manager", "crm.weekly.review").browse([0])
        for call in (
            lambda: stages.get_column_rates(0),
            lambda: stages.get_column_rates(["a"]),
            lambda: stages.get_column_rates([], {"": []}),
            lambda: board.get_board(True),
            lambda: board.get_freshness_action(kind=[None]),
            lambda: board.get_standing_action(10**30),
            lambda: lead.action_override_gate("2026-13-01", "Because"),
            lambda: gate.open_for("2026", " "),
            lambda: timetable.get_week("%s"),
            lambda: timetable.get_week({"": []}),
            lambda: timetable.get_week(10**30),
            review.get_review,
            review.get_restatement,
        ):
            with self.assertRaises(UserError):
                call()

    def typed_days(self):
        """``(row of the salesperson, field)`` of every day and moment that somebody may type."""
        ours = [row for _name, owner, row in self.owned.owned() if owner == "salesperson"]
        for row in (*ours, *self.owned.things["salesperson"].values()):
            for field in row._fields.values() if row and row._auto else ():
                is_ours = row._original_module == ADDON or ADDON in field._modules
                if is_ours and field.type in ("date", "datetime") and not field.readonly:
                    yield row, field

    @mute_logger("odoo.sql_db")
    def test_days_at_the_ends_of_the_calendar(self):
        """Each is taken or refused with a sentence, and no reading of it fails."""
        tried = set()
        for row, field in self.typed_days():
            for moment in ENDS_OF_THE_CALENDAR:
                with self.subTest(field=str(field), moment=moment):
                    self.write_and_read(row.with_user(self.owned.people["manager"]), field, moment)
            tried.add(str(field))
        self.assertGreater(len(tried), 25, tried)

    def write_and_read(self, row, field, moment):
        savepoint = self.env.cr.savepoint(flush=False)
        try:
            row.write({field.name: moment.date() if field.type == "date" else moment})
            self.env.flush_all()
            self.env.invalidate_all()
            row.read()
        except (UserError, IntegrityError) as refusal:
            self.assertTrue(str(refusal))
        finally:
            self.env.clear()
            savepoint.close(rollback=True)

    @mute_logger("odoo.sql_db")
    def test_plans_at_the_ends_of_the_calendar(self):
        plans = self.seen_by("manager", "crm.sales.plan")
        team = self.owned.teams["salesperson"]
        for first, last in (
            (date.min, date.max),
            (date.min, date.min),
            (date.max, date.max),
            (date(9999, 12, 25), date(9999, 12, 26)),
            (date(2026, 1, 1), date.max),
            (date.min, date(2026, 12, 31)),
        ):
            with self.subTest(first=first, last=last), self.assertRaises(UserError):
                plans.create({"team_id": team.id, "date_from": first, "date_to": last})
