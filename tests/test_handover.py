"""From hunter to farmer: the first deal won, and the client's next ones."""

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .test_distribution import DistributionCase


@tagged("post_install", "-at_install")
class TestHandover(DistributionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_distribution(by_role=False, handover=True)
        cls.farmers = cls._make_team("Test Farmers", funnel_kind="proactive")
        cls._build_funnel(cls.farmers, "proactive")
        cls.team.successor_team_id = cls.farmers
        cls.petrova_member = cls._new_member("Petrenko", "farmer", team=cls.farmers, capacity=60)
        cls.orlova_member = cls._new_member("Orlenko", "farmer", team=cls.farmers, capacity=30)
        cls.petrova, cls.orlova = cls.petrova_member.user_id, cls.orlova_member.user_id
        cls.head = new_test_user(
            cls.env, "test_head", groups="sales_team.group_sale_manager", name="Head"
        )
        cls.client = cls._client("Test Client")

    def _win(self, client=None, user=None, **values):
        lead = self.new_lead(
            user=user, partner_id=(client or self.client).id, name="Big Deal", **values
        )
        lead.action_set_won()
        self.env.cr.flush()
        return lead

    def _activities(self, client=None):
        return self.env["mail.activity"].search(
            [("res_model", "=", "res.partner"), ("res_id", "=", (client or self.client).id)]
        )

    def _next(self, **values):
        """The next opportunity, as a mail or a form on the web site makes it."""
        return self.env["crm.lead"].create({"name": "Next", "type": "opportunity", **values})

    # -- the first deal won -------------------------------------------------------------------

    def test_first_deal_won(self):
        self._win()
        self.assertEqual(self.client.farmer_id, self.petrova)
        self.assertEqual(self.client.won_by_id, self.ivanov)
        self.assertEqual(self.client.handed_over_on, self.env.company._funnel_today())
        activity = self._activities()
        self.assertEqual(activity.user_id, self.petrova)
        self.assertIn("won by Ivanenko", activity.summary)
        self.assertIn("Big Deal", activity.note)
        self.assertIn(self.ivanov.partner_id, self.client.message_partner_ids)

    def test_note_takes_no_markup_from_the_deal(self):
        deal = self.new_lead(partner_id=self.client.id, name="<b>Bold</b> & Co")
        deal.action_set_won()
        self.env.cr.flush()
        self.assertIn("“&lt;b&gt;Bold&lt;/b&gt; &amp; Co”", self._activities().note)
        self.assertNotIn("<b>", self._activities().note)

    def test_hunter_need_not_follow(self):
        self.env.company.handover_keeps_hunter = False
        self._win()
        self.assertEqual(self.client.farmer_id, self.petrova)
        self.assertNotIn(self.ivanov.partner_id, self.client.message_partner_ids)

    def test_contact_person_and_email(self):
        """The company is handed over, whoever of it the deal was with."""
        person = self.env["res.partner"].create(
            {"name": "Person", "parent_id": self.client.id, "email": "who@handover.test"}
        )
        self._win(person)
        self.assertEqual(self.client.farmer_id, self.petrova)
        self.assertFalse(person.farmer_id)
        other = self._client("Other")
        other.email = "other@handover.test"
        lead = self.new_lead(email_from="Other@handover.test")
        lead.action_set_won()
        self.env.cr.flush()
        self.assertEqual(other.farmer_id, self.orlova)

    def test_once_for_a_client(self):
        """Reopened and won again, a second deal, and a farmer taken away on purpose."""
        lead = self._win()
        lead.write({"stage_id": self.contract.id, "probability": 50})
        self.env.cr.flush()
        lead.action_set_won()
        self._win(user=self.sidorov)
        self.assertEqual(self.client.farmer_id, self.petrova)
        self.assertEqual(self.client.won_by_id, self.ivanov)
        self.assertEqual(len(self._activities()), 1)
        self.client.farmer_id = False
        self._win()
        self.assertFalse(self.client.farmer_id)

    def test_only_hunters_and_teams_with_a_successor(self):
        self.ivanov_member.sales_role = "farmer"
        self._win()
        self.assertFalse(self.client.farmer_id)
        self.team.successor_team_id = False
        self._win(user=self.sidorov)
        self.assertFalse(self.client.farmer_id)

    def test_off(self):
        self.set_distribution(by_role=True, handover=False)
        lead = self.new_lead(partner_id=self.client.id)
        # Stages of the demo may have rules of their own.
        self.env["crm.stage"].search([]).activity_plan_id = False
        # What is asked once is remembered.
        self.payment._on_entered(lead)
        self.env.flush_all()
        with self.assertQueryCount(0):
            self.payment._on_entered(lead)
        self._win()
        self.assertFalse(self.client.farmer_id)
        self.client.farmer_id = self.petrova
        self.assertEqual(self._next(partner_id=self.client.id).user_id, self.env.user)

    def test_fewest_clients_for_the_capacity(self):
        """Petrova can take twice as many: 0/60 and 0/30, 1/60, 1/60 and 1/30, 2/60 ties."""
        clients = [self._client(f"Client {number}") for number in range(6)]
        for client in clients:
            self._win(client)
        self.assertEqual(
            [client.farmer_id.name for client in clients],
            ["Petrenko", "Orlenko", "Petrenko", "Petrenko", "Orlenko", "Petrenko"],
        )

    def test_won_in_a_batch(self):
        """The same choice as one by one; 12 clients won at once, one of them with two deals."""
        clients = [self._client(f"Client {number}") for number in range(12)]
        leads = self.env["crm.lead"].union(
            *(self.new_lead(partner_id=client.id) for client in (*clients, clients[0]))
        )
        leads.action_set_won()
        self.env.cr.flush()
        taken = [client.farmer_id for client in clients]
        self.assertEqual((taken.count(self.petrova), taken.count(self.orlova)), (8, 4))
        self.assertEqual(len(self._activities(clients[0])), 1)

    def test_grade_of_the_farmer(self):
        """Where the company distributes by grade, a large client gets a strong farmer."""
        self.set_distribution(by_role=True, handover=True)
        self.orlova_member.grade = "senior"
        self._win(user=self.sidorov, lead_class="a")
        self.assertEqual(self.client.farmer_id, self.orlova)

    def test_successor_team_is_checked(self):
        with self.assertRaises(ValidationError):
            self.team.successor_team_id = self.team
        other = self.env["res.company"].create({"name": "Other"})
        self.team.company_id = self.env.company
        with self.assertRaises(ValidationError):
            self.team.successor_team_id = self._make_team("Foreign", company_id=other.id)

    # -- the next deals -----------------------------------------------------------------------

    def test_next_opportunity(self):
        """By the company, its contact person, the e-mail, the web client's company field."""
        self._win()
        person = self.env["res.partner"].create(
            {"name": "Person", "parent_id": self.client.id, "email": "next@handover.test"}
        )
        leads = [
            self._next(partner_id=self.client.id),
            self._next(partner_id=person.id),
            self._next(email_from="Next <next@handover.test>", user_id=False),
            self._next(commercial_partner_id=self.client.id),
            # Channels name a team, which chooses nobody.
            self._next(partner_id=person.id, team_id=self.team.id, user_id=False, type="lead"),
            self.env["crm.lead"]
            .with_context(default_partner_id=self.client.id, default_user_id=self.ivanov.id)
            .create({"name": "Next"}),
        ]
        for lead in leads:
            self.assertEqual((lead.user_id, lead.team_id), (self.petrova, self.farmers))
        self.assertEqual(self._next(email_from="stranger@handover.test").user_id, self.env.user)

    def test_choice_is_kept_and_marked(self):
        self._win()
        lead = self._next(partner_id=self.client.id, user_id=self.ivanov.id, team_id=self.team.id)
        self.assertEqual(lead.user_id, self.ivanov)
        self.assertEqual(lead.assignment_objection, "Petrenko is in charge of this client.")
        self.assertEqual(self._outside(lead), lead)
        lead.write({"user_id": self.petrova.id, "team_id": self.farmers.id})
        self.assertFalse(self._outside(lead))

    def test_form_proposes_the_farmer(self):
        self._win()
        form = Form(self.env["crm.lead"].with_user(self.head))
        form.name = "Next"
        form.partner_id = self.client
        self.assertEqual((form.user_id, form.team_id), (self.petrova, self.farmers))
        form.user_id = self.head
        lead = form.save()
        self.assertEqual(lead.user_id, self.head, "who chooses somebody else keeps it so")

    def test_salesperson_of_own_documents(self):
        """Who may not create leads for others keeps them; they are marked."""
        self._win()
        Lead = self.env["crm.lead"].with_user(self.sidorov)
        lead = Lead.create({"name": "Next", "partner_id": self.client.id})
        self.assertEqual(lead.user_id, self.sidorov)
        self.assertTrue(lead.is_outside_assignment_rule)
        own = self.env["crm.lead"].with_user(self.petrova)
        self.assertEqual(
            own.create({"name": "Next", "partner_id": self.client.id}).team_id, self.farmers
        )

    def test_farmer_left(self):
        """Replaced by rule with the next opportunity, and the new one is told."""
        self._win()
        self.petrova.active = False
        lead = self._next(partner_id=self.client.id)
        self.assertEqual((lead.user_id, self.client.farmer_id), (self.orlova, self.orlova))
        self.assertEqual(self.client.won_by_id, self.ivanov)
        self.assertIn(self.orlova, self._activities().user_id)
        self.orlova.active = False
        self.assertEqual(
            self._next(partner_id=self.client.id).user_id, self.env.user, "there is nobody left"
        )

    def test_farmer_of_another_company(self):
        """What another company opens for the client is no business of a farmer who is not there."""
        self._win()
        other = self.env["res.company"].create({"name": "Other", "handover_to_farmer": True})
        self.env.user.company_ids = [Command.link(other.id)]
        lead = self._next(partner_id=self.client.id, company_id=other.id)
        self.assertEqual(lead.user_id, self.env.user)
        self.assertEqual(self.client.farmer_id, self.petrova)

    def test_farmer_does_not_count_elsewhere(self):
        """In a company where the farmer does not work, the client is anybody's new client."""
        self.set_distribution(by_role=True, handover=True)
        self._win()
        # Deals without a company are sales of all companies.
        self.env["crm.lead"].search([("partner_id", "=", self.client.id)]).partner_id = False
        here = self.new_lead(user=self.sidorov, lead_class="a", partner_id=self.client.id)
        self.assertEqual(here.assignment_objection, "Petrenko is in charge of this client.")
        self.assertEqual(self._outside(here), here)
        other = self.env["res.company"].create({"name": "Other"})
        self.petrova.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        here.invalidate_recordset()
        self.assertFalse(here.assignment_objection)
        self.assertFalse(self._outside(here))

    def test_farmers_client_of_another_company(self):
        """Not found by the e-mail, nor by the name that the web client guessed it by."""
        other = self.env["res.company"].create({"name": "Other"})
        self.client.write(
            {"farmer_id": self.petrova.id, "email": "far@handover.test", "company_id": other.id}
        )
        leads = [
            self._next(email_from="far@handover.test"),
            self._next(commercial_partner_id=self.client.id, email_from="else@handover.test"),
        ]
        for lead in leads:
            self.assertEqual(lead.user_id, self.env.user)
        self.client.company_id = self.env.company
        self.assertEqual(self._next(email_from="far@handover.test").user_id, self.petrova)
        form = Form(self.env["crm.lead"].with_user(self.head))
        form.partner_name = "Test Client"
        self.assertEqual(form.user_id, self.petrova, "in a form, the company seen there counts")

    def test_distribution_leaves_the_client_to_the_farmer(self):
        """Waiting leads of the client go to the farmer in charge, nobody else."""
        self.set_distribution(by_role=True, handover=True)
        self._new_member("Inbound Farmer", "farmer", team=self.team)
        waiting = self._waiting(lead_class="c")
        self._win()
        waiting.partner_id = self.client
        self._distribute()
        self.assertEqual((waiting.user_id.id, waiting.team_id), (False, self.farmers))
        self._distribute(self.team | self.farmers)
        self.assertEqual(waiting.user_id, self.petrova)

    def test_many_at_once(self):
        """An import of 40 leads of farmers' clients asks no more than one of 10."""
        clients = [self._client(f"Client {number}") for number in range(40)]
        for client in clients:
            client.farmer_id = self.petrova
        counts = []
        for size in (10, 40):
            self.env.flush_all()
            self.env.invalidate_all()
            vals_list = [{"name": "N", "partner_id": client.id} for client in clients[:size]]
            company_ids = self.env["res.company"]._switched_on("handover_to_farmer")
            start = self.cr.sql_log_count
            given = self.env["crm.lead"]._with_farmers(vals_list, company_ids)
            counts.append(self.cr.sql_log_count - start)
            self.assertEqual({vals["user_id"] for vals in given}, {self.petrova.id})
        self.assertEqual(counts[0], counts[1])

    # -- rights -------------------------------------------------------------------------------

    def test_only_managers_choose_the_farmer(self):
        contacts = self.env.ref("base.group_partner_manager")
        self.ivanov.group_ids = [Command.link(contacts.id)]
        with self.assertRaises(AccessError):
            self.client.with_user(self.ivanov).farmer_id = self.ivanov
        with self.assertRaises(AccessError):
            self.env["res.partner"].with_user(self.ivanov).create(
                {"name": "Mine", "farmer_id": self.ivanov.id}
            )
        self.client.with_user(self.head).farmer_id = self.orlova
        self.assertEqual(self.orlova_member.clients_in_charge, 1)
        found = self.env["res.partner"].with_user(self.ivanov)
        self.assertEqual(found.search([("farmer_id", "=", self.orlova.id)]), self.client)

    def test_defaults_choose_no_farmer(self):
        """Neither those of the context nor the stored ones get round the rights."""
        self.ivanov.group_ids = [Command.link(self.env.ref("base.group_partner_manager").id)]
        Partner = self.env["res.partner"].with_user(self.ivanov)
        for name, value in (
            ("farmer_id", self.ivanov.id),
            ("won_by_id", self.ivanov.id),
            ("handed_over_on", "2026-01-01"),
        ):
            with self.assertRaises(AccessError):
                Partner.with_context(**{f"default_{name}": value}).create({"name": "Mine"})
        self.env["ir.default"].set(
            "res.partner", "farmer_id", self.ivanov.id, user_id=self.ivanov.id
        )
        with self.assertRaises(AccessError):
            Partner.create({"name": "Mine"})
        self.assertFalse(Partner.create({"name": "Nobody's", "farmer_id": False}).farmer_id)
        by_head = self.env["res.partner"].with_user(self.head)
        by_head = by_head.with_context(default_farmer_id=self.orlova.id)
        self.assertEqual(by_head.create({"name": "Hers"}).farmer_id, self.orlova)

    def test_clients_do_not_see_who_works_on_them(self):
        """A portal user reads the own contact without the farmer; what they ask for gets there."""
        self._win()
        portal = new_test_user(self.env, "test_portal_h", groups="base.group_portal")
        portal.partner_id.parent_id = self.client
        contact = self.client.with_user(portal)
        self.assertEqual(contact.read(["name"])[0]["name"], "Test Client")
        for name in ("farmer_id", "won_by_id", "handed_over_on"):
            with self.assertRaises(AccessError):
                contact.read([name])
            self.assertNotIn(name, contact.fields_get())
            with self.assertRaises(AccessError):
                contact.search([(name, "!=", False)])
        office = new_test_user(self.env, "test_office", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.client.with_user(office).read(["farmer_id"])
        member = self.petrova_member.with_user(office)
        self.assertNotIn("clients_in_charge", member.fields_get())
        for user in (portal, self.env.ref("base.public_user")):
            lead = self.env["crm.lead"].with_user(user).sudo()
            lead = lead.create({"name": "From the site", "partner_id": portal.partner_id.id})
            self.assertEqual(lead.user_id, self.petrova)

    def test_merging_duplicates_keeps_the_farmer(self):
        """Also when somebody merges who may not choose a farmer."""
        # Merging reads fields of other applications, too.
        for group in ("base.group_partner_manager", "base.group_erp_manager"):
            self.ivanov.group_ids = [Command.link(self.env.ref(group).id)]
        self.ivanov.group_ids = [Command.link(self.env.ref("account.group_account_invoice").id)]
        self._win()
        double = self._client("Test Client, once more")
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(self.ivanov)
        wizard.create({})._merge((self.client | double).ids, double)
        self.assertFalse(self.client.exists())
        self.assertEqual((double.farmer_id, double.won_by_id), (self.petrova, self.ivanov))

    def test_merging_without_sales_rights(self):
        """Who sees no farmers keeps them all the same."""
        office = new_test_user(
            self.env,
            "test_merging_office",
            "base.group_partner_manager,base.group_erp_manager,account.group_account_invoice",
        )
        self._win()
        double = self._client("Test Client, by the office")
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(office)
        wizard.create({})._merge((self.client | double).ids, double.with_user(office))
        self.assertEqual(double.farmer_id, self.petrova)

    def test_hunter_wins_without_rights_on_the_client(self):
        """A salesperson who may not write contacts hands the client over all the same."""
        lead = self.new_lead(partner_id=self.client.id)
        lead.with_user(self.ivanov).action_set_won()
        self.env.cr.flush()
        self.assertEqual(self.client.farmer_id, self.petrova)
