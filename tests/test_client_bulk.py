from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..models import crm_client_bulk_run
from .common import BLACKLISTED
from .test_client_freshness import ClientCase

_BATCH_QUERIES = 85


@tagged("post_install", "-at_install")
class TestBulk(ClientCase):
    """Changes of groups: what is done, what is refused and why."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Bulk = cls.env["crm.client.bulk"]
        cls.tag = cls.env["res.partner.category"].create({"name": "Spring fair"})

    def bulk(self, records, action, user=None, **values):
        opened = self.Bulk.with_user(user or self.head)._open_with(
            records.with_user(user or self.head)
        )
        bulk = self.Bulk.with_user(user or self.head).browse(opened["res_id"])
        bulk.write({"action": action, **values})
        return bulk

    def run_bulk(self, records, action, user=None, **values):
        bulk = self.bulk(records, action, user, **values)
        bulk.action_start()
        self.assertEqual(bulk.state, "done")
        return bulk

    def counts(self, bulk):
        self.assertEqual(bulk.done, bulk.total)
        return (bulk.changed, bulk.unchanged, bulk.refused)

    def reasons(self, bulk):
        return {line.partner_id: line.reason for line in bulk.sudo().refused_line_ids}

    def test_farmer(self):
        clients = self.new_clients(4)
        already = self.new_clients(1, self.sidorov)
        clients[0].partner_id.sudo().write(BLACKLISTED)
        bulk = self.run_bulk(clients | already, "farmer", farmer_id=self.sidorov.id)
        self.assertEqual(self.counts(bulk), (3, 1, 1))
        self.assertEqual(list(self.reasons(bulk)), [clients[0].partner_id])
        self.assertIn("Blacklisted", self.reasons(bulk)[clients[0].partner_id])
        self.assertEqual(clients[1:].partner_id.farmer_id, self.sidorov)
        self.assertEqual(clients[1:].user_id, self.sidorov)
        self.assertEqual(clients[0].partner_id.farmer_id, self.ivanov)

    def test_a_farmer_of_another_company_is_refused(self):
        other = self.env["res.company"].create({"name": "Elsewhere Ltd"})
        stranger = new_test_user(
            self.env,
            "test_stranger",
            groups="sales_team.group_sale_salesman",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        clients = self.new_clients(2)
        bulk = self.run_bulk(clients, "farmer", farmer_id=stranger.id)
        self.assertEqual(self.counts(bulk), (0, 0, 2))
        self.assertIn("does not work in", self.reasons(bulk)[clients[0].partner_id])
        self.assertEqual(clients.partner_id.farmer_id, self.ivanov)

    def test_who_may_choose_a_farmer(self):
        mine, theirs = self.new_clients(2), self.new_clients(2, self.sidorov)
        values = {"farmer_id": self.sidorov.id}
        bulk = self.run_bulk(mine, "farmer", self.ivanov, **values)
        self.assertEqual(self.counts(bulk), (0, 0, 2))
        self.assertIn("sales administrators", self.reasons(bulk)[mine[0].partner_id])
        self.team.user_id = self.ivanov
        bulk = self.run_bulk(mine | theirs, "farmer", self.ivanov, **values)
        self.assertEqual(self.counts(bulk), (2, 2, 0))

    def test_clients_of_others_are_refused(self):
        mine, theirs = self.new_clients(1), self.new_clients(1, self.sidorov)
        nobody = self.env["res.partner"].create({"name": "Passer-by"})
        person = self.env["res.partner"].create({"name": "P", "parent_id": mine.partner_id.id})
        contacts = mine.partner_id | person | theirs.partner_id | nobody
        bulk = self.run_bulk(contacts, "verify", self.ivanov)
        self.assertEqual(self.counts(bulk), (1, 0, 2))
        reasons = self.reasons(bulk)
        self.assertIn("another manager", reasons[theirs.partner_id])
        self.assertIn("No client of", reasons[nobody])
        self.assertEqual(mine.verified_on, self.today)
        self.assertFalse(theirs.verified_on)
        self.assertEqual(mine.partner_id.verified_by_id, self.ivanov)

    def test_a_tag_is_added_and_taken_away(self):
        clients = self.new_clients(3)
        clients[0].partner_id.category_id = self.tag
        values = {"tag_id": self.tag.id}
        bulk = self.run_bulk(clients, "add_tag", self.ivanov, **values)
        self.assertEqual(self.counts(bulk), (2, 1, 0))
        self.assertEqual(clients.partner_id.category_id, self.tag)
        clients[1].partner_id.category_id = False
        bulk = self.run_bulk(clients, "remove_tag", self.ivanov, **values)
        self.assertEqual(self.counts(bulk), (2, 1, 0))
        self.assertFalse(clients.partner_id.category_id)

    def test_category(self):
        mine, theirs = self.new_clients(2), self.new_clients(1, self.sidorov)
        values = {"category": "key", "category_reason": "The contract for next year is signed"}
        bulk = self.run_bulk(mine | theirs, "category", **values)
        self.assertEqual(self.counts(bulk), (3, 0, 0))
        self.assertEqual(set(mine.mapped("category")), {"key"})
        self.assertEqual(mine[0].manual_by_id, self.head)
        self.assertEqual(self.counts(self.run_bulk(mine, "category", **values)), (0, 2, 0))
        values["category"] = "lost"
        bulk = self.run_bulk(mine, "category", self.ivanov, **values)
        self.assertEqual(self.counts(bulk), (0, 0, 2))
        self.assertEqual(set(mine.mapped("category")), {"key"})
        with self.assertRaisesRegex(UserError, "say why"):
            self.bulk(mine, "category", category="lost").action_start()

    def test_special_program(self):
        program = self.env["utm.campaign"].create(
            {
                "title": "Seminar",
                "is_special_program": True,
                "program_kind": "seminar",
                "company_id": self.env.company.id,
                "user_id": self.head.id,
            }
        )
        clients = self.new_clients(2)
        bulk = self.run_bulk(clients, "program", campaign_id=program.id)
        self.assertEqual(self.counts(bulk), (2, 0, 0))
        members = self.env["crm.program.member"].search([("campaign_id", "=", program.id)])
        self.assertEqual(members.partner_id, clients.partner_id)
        bulk = self.run_bulk(clients, "program", campaign_id=program.id)
        self.assertEqual(self.counts(bulk), (0, 0, 2))
        self.assertIn("already", self.reasons(bulk)[clients[0].partner_id])

    def test_conditions_and_saved_filters(self):
        self.new_clients(2)
        self.new_clients(1, self.sidorov)
        saved = self.env["ir.filters"].create(
            {
                "name": "Mine",
                "model_id": "crm.client",
                "domain": "[('user_id', '=', uid)]",
                "user_ids": [(6, 0, self.ivanov.ids)],
            }
        )
        domain = f"[('farmer_id', '=', {self.ivanov.id})]"
        for values in (
            {"source": "filter", "filter_id": saved.id},
            {"source": "domain", "model": "res.partner", "domain": domain},
            {"source": "domain", "domain": f"[('user_id', '=', {self.ivanov.id})]"},
        ):
            bulk = self.Bulk.with_user(self.ivanov).create({"action": "verify", **values})
            self.assertEqual(bulk.clients, 2)
            bulk.action_start()
            self.assertEqual(bulk.total, 2)

    def test_what_cannot_be_is_said(self):
        clients = self.new_clients(1)
        for action, words in (("farmer", "farmer"), ("add_tag", "tag"), ("remove_tag", "tag")):
            with self.assertRaisesRegex(UserError, f"Choose the {words}"):
                self.bulk(clients, action).action_start()
        mine = self.Bulk.with_user(self.head)
        bulk = mine.create({"action": "verify", "domain": "[(0, '=', 1)]"})
        with self.assertRaisesRegex(UserError, "No client is meant"):
            bulk.action_start()
        for domain in ("[('user_id'", "[('nothing', '=', 1)]", "7", "[('id', '=', who)]"):
            bulk = self.Bulk.with_user(self.head).create({"action": "verify", "domain": domain})
            with self.assertRaisesRegex(UserError, "cannot be read"):
                bulk.action_start()
        foreign = self.env["ir.filters"].create({"name": "Users", "model_id": "res.users"})
        bulk.write({"source": "filter", "filter_id": foreign.id})
        with self.assertRaisesRegex(UserError, "filter on clients"):
            bulk.action_start()
        with self.assertRaisesRegex(UserError, "Choose the clients first"):
            self.Bulk._open_with(self.Client)

    def test_a_started_group_is_fixed_and_its_own(self):
        clients = self.new_clients(1)
        bulk = self.run_bulk(clients, "verify", self.ivanov)
        with self.assertRaisesRegex(UserError, "not changed any more"):
            bulk.action = "farmer"
        with self.assertRaises(AccessError):
            bulk.with_user(self.sidorov).read(["summary"])
        with self.assertRaises(AccessError):
            self.env["crm.client.bulk.line"].with_user(self.ivanov).create(
                {"bulk_id": bulk.id, "partner_id": clients.partner_id.id}
            )
        draft = self.bulk(clients, "verify", self.ivanov)
        with self.assertRaisesRegex(UserError, "Only who chose"):
            draft.with_user(self.head).action_start()

    def test_what_fails_is_refused_alone(self):
        clients = self.new_clients(3)
        bad = clients[1].partner_id
        write = type(self.env["res.partner"]).write

        def failing(partners, vals):
            if bad in partners and "category_id" in vals:
                raise UserError("The tag does not stick")
            return write(partners, vals)

        self.patch(type(self.env["res.partner"]), "write", failing)
        bulk = self.run_bulk(clients, "add_tag", tag_id=self.tag.id)
        self.assertEqual(self.counts(bulk), (2, 0, 1))
        self.assertEqual(self.reasons(bulk), {bad: "The tag does not stick"})
        self.assertFalse(bad.category_id)

    def test_a_sales_administrator_stops_what_somebody_started(self):
        clients = self.new_clients(3)
        bulk = self.bulk(clients, "add_tag", self.ivanov, tag_id=self.tag.id)
        bulk.sudo().state = "running"
        bulk.with_user(self.head).action_stop()
        self.assertEqual(bulk.state, "cancelled")
        bulk.sudo().state = "running"
        stranger = new_test_user(self.env, "test_bulk", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            bulk.with_user(stranger).action_stop()

    def test_thousands_in_batches_stopped_and_continued(self):
        self.patch(crm_client_bulk_run, "_BATCH", 1000)
        clients = self.new_clients(3000)
        bulk = self.bulk(clients, "farmer", farmer_id=self.sidorov.id)
        bulk.action_start()
        self.assertEqual((bulk.state, bulk.total, bulk.done), ("running", 3000, 0))
        system = bulk.sudo()
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(_BATCH_QUERIES):
            system._go_over_batch(1000)
            self.env.flush_all()
        self.assertEqual((bulk.state, bulk.done, bulk.changed), ("running", 1000, 1000))
        bulk.action_stop()
        self.assertEqual(bulk.state, "cancelled")
        with self.enter_registry_test_mode():
            self.Bulk._cron_change()
        self.assertEqual(bulk.done, 1000)
        bulk.action_start()
        self.assertEqual((bulk.state, bulk.total), ("running", 3000))
        while system.state == "running":
            system._go_over_batch(1000)
        self.assertEqual(self.counts(bulk), (3000, 0, 0))
        self.assertEqual(clients.partner_id.farmer_id, self.sidorov)
        self.assertEqual(clients.user_id, self.sidorov)
        again = self.bulk(clients, "farmer", farmer_id=self.sidorov.id)
        again.action_start()
        while again.sudo().state == "running":
            again.sudo()._go_over_batch(1000)
        self.assertEqual(self.counts(again), (0, 3000, 0))

    def test_the_cron_works_off_what_is_started(self):
        self.patch(crm_client_bulk_run, "_AT_ONCE", 1)
        self.patch(crm_client_bulk_run, "_BATCH", 2)
        clients = self.new_clients(5)
        bulk = self.bulk(clients, "verify", self.ivanov)
        bulk.action_start()
        self.assertEqual((bulk.state, bulk.done), ("running", 0))
        with self.enter_registry_test_mode():
            self.env.ref("sales_funnel_control.ir_cron_change_clients").method_direct_trigger()
        self.assertEqual((bulk.state, self.counts(bulk)), ("done", (5, 0, 0)))
        self.assertEqual(clients.partner_id.verified_by_id, self.ivanov)

    def test_old_details_are_forgotten(self):
        clients = self.new_clients(2)
        clients[0].partner_id.sudo().write(BLACKLISTED)
        bulk = self.run_bulk(clients, "verify")
        draft = self.bulk(clients, "verify")
        self.env.flush_all()
        long_ago = fields.Datetime.subtract(fields.Datetime.now(), days=91)
        for table in ("crm_client_bulk", "crm_client_bulk_line"):
            self.env.cr.execute(f"UPDATE {table} SET write_date = %s", (long_ago,))
        self.env.invalidate_all()
        self.Bulk._gc_lines()
        self.assertFalse(draft.exists())
        self.assertEqual(bulk.sudo().line_ids.mapped("state"), ["refused"])
