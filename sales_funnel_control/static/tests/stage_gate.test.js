import {expect, test} from "@odoo/hoot";
import {animationFrame} from "@odoo/hoot-dom";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {
    contains,
    defineModels,
    fields,
    getService,
    makeServerError,
    MockServer,
    models,
    mountWithCleanup,
    onRpc,
} from "@web/../tests/web_test_helpers";
import {WebClient} from "@web/webclient/webclient";

class Stage extends models.Model {
    _name = "crm.stage";

    name = fields.Char();

    _records = [
        {id: 1, name: "Client List"},
        {id: 2, name: "Acquaintance"},
    ];
}

class Lead extends models.Model {
    _name = "crm.lead";

    name = fields.Char();
    stage_id = fields.Many2one({relation: "crm.stage"});

    _records = [{id: 1, name: "Nordtrade", stage_id: 1}];
    _views = {
        form: `
            <form>
                <header>
                    <field name="stage_id" widget="statusbar" options="{'clickable': '1'}"/>
                </header>
                <field name="name"/>
            </form>`,
    };
}

class GatePass extends models.Model {
    _name = "crm.stage.gate.pass";

    name = fields.Char();

    _records = [{id: 1, name: "What is missing"}];
    _views = {
        form: `
            <form>
                <field name="name"/>
                <footer>
                    <button name="action_save_and_move" type="object" string="Save and Move"/>
                    <button special="cancel" string="Discard"/>
                </footer>
            </form>`,
    };

    open_for(leadIds, stageId, written) {
        expect.step(["open_for", leadIds, stageId, written]);
        return {
            type: "ir.actions.act_window",
            res_model: "crm.stage.gate.pass",
            res_id: 1,
            target: "new",
            views: [[false, "form"]],
        };
    }

    action_save_and_move() {
        MockServer.env["crm.lead"].write([1], {stage_id: 2});
        return {type: "ir.actions.act_window_close", infos: {moved: true}};
    }
}

defineModels([Stage, Lead, GatePass]);
defineMailModels();

const CURRENT = ".o_statusbar_status .o_arrow_button_current";
const ENTER = ".o_statusbar_status button:contains(Acquaintance)";

function closeGate(gate) {
    onRpc("crm.lead", "web_save", () => {
        throw makeServerError({
            message: "Acquaintance: to enter it, Nordtrade still needs: phone.",
            errorName: "odoo.addons.sales_funnel_control.models.crm_lead_gate.GateClosed",
            context: {exception_class: "odoo.exceptions.ValidationError", gate},
        });
    });
}

async function openLead() {
    await mountWithCleanup(WebClient);
    await getService("action").doAction({
        type: "ir.actions.act_window",
        res_model: "crm.lead",
        res_id: 1,
        views: [[false, "form"]],
    });
}

test("a closed gate opens the dialog, and a deal that may go on is shown where it is", async () => {
    expect.errors(1);
    closeGate({lead_ids: [1], stage_id: 2, written: {phone: "1"}});
    await openLead();
    await contains(ENTER).click();
    expect(".modal button[name=action_save_and_move]").toHaveCount(1);
    expect.verifySteps([["open_for", [1], 2, {phone: "1"}]]);
    expect(CURRENT).toHaveText("Client List");
    await contains(".modal button[name=action_save_and_move]").click();
    await animationFrame();
    expect(".modal").toHaveCount(0);
    expect(CURRENT).toHaveText("Acquaintance");
    expect.verifyErrors([/RPC_ERROR/]);
});

test("a dialog that is closed leaves the deal where it was", async () => {
    expect.errors(1);
    closeGate({lead_ids: [1], stage_id: 2, written: {}});
    await openLead();
    await contains(ENTER).click();
    await contains(".modal button:contains(Discard)").click();
    await animationFrame();
    expect(".modal").toHaveCount(0);
    expect(CURRENT).toHaveText("Client List");
    expect.verifySteps([["open_for", [1], 2, {}]]);
    expect.verifyErrors([/RPC_ERROR/]);
});

test("where there is nothing to fill in, the error says what is missing", async () => {
    expect.errors(1);
    closeGate({lead_ids: [1], stage_id: false, written: {}});
    await openLead();
    await contains(ENTER).click();
    await animationFrame();
    expect(".modal").toHaveText(/Nordtrade still needs: phone/);
    expect(".modal button[name=action_save_and_move]").toHaveCount(0);
    expect.verifySteps([]);
    expect.verifyErrors([/RPC_ERROR/]);
});
