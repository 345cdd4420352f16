import {beforeEach, describe, expect, test} from "@odoo/hoot";
import {
    click,
    contains,
    mailModels,
    openFormView,
    start,
    startServer,
} from "@mail/../tests/mail_test_helpers";
import {
    defineModels,
    defineParams,
    fields,
    onRpc,
    patchWithCleanup,
    serverState,
} from "@web/../tests/web_test_helpers";
import {CrmLead} from "@crm/../tests/mock_server/mock_models/crm_lead";
import {session} from "@web/session";

describe.current.tags("desktop");

class MailActivity extends mailModels.MailActivity {
    can_log_contact = fields.Boolean();

    get _to_store_defaults() {
        return [...super._to_store_defaults, "can_log_contact"];
    }
}

defineParams({suite: "mail"}, "replace");
defineModels({...mailModels, CrmLead, MailActivity});

beforeEach(() => {
    patchWithCleanup(session, {can_log_contacts: true});
    onRpc("action_log_contact", ({args, model}) => {
        expect.step(`${model} ${args[0].length}`);
        return {
            type: "ir.actions.act_window",
            name: "Log Contact",
            res_model: "res.country",
            target: "new",
            views: [[false, "form"]],
        };
    });
});

async function openPartnerWith(model, values) {
    const server = await startServer();
    const partnerId = server["res.partner"].create({name: "Anna"});
    server[model].create(values(partnerId));
    await start();
    await openFormView("res.partner", partnerId);
}

function activity(canLog) {
    return (partnerId) => ({
        can_log_contact: canLog,
        can_write: true,
        res_id: partnerId,
        res_model: "res.partner",
        summary: "Ring her",
        user_id: serverState.userId,
    });
}

function message(authorId) {
    return (partnerId) => ({
        author_id: authorId || partnerId,
        body: "Please call me",
        message_type: "comment",
        model: "res.partner",
        res_id: partnerId,
    });
}

test("a call is logged from its activity, whose list is read again afterwards", async () => {
    await openPartnerWith("mail.activity", activity(true));
    await click(".o-mail-Activity .o_activity_log_contact");
    await contains(".modal-title:text(Log Contact)");
    expect.verifySteps(["mail.activity 1"]);
    onRpc("/mail/thread/messages", () => expect.step("read again"));
    await click(".modal .btn-close");
    await contains(".modal", {count: 0});
    await expect.waitForSteps(["read again"]);
});

test("what is no contact is done as ever", async () => {
    await openPartnerWith("mail.activity", activity(false));
    await contains(".o-mail-Activity-markDone");
    await contains(".o_activity_log_contact", {count: 0});
});

test("a client's message is logged", async () => {
    await openPartnerWith("mail.message", message());
    await click(".o-mail-Message [title='Expand']");
    await click(".o-dropdown-item:contains('Log as Contact')");
    await contains(".modal-title:text(Log Contact)");
    expect.verifySteps(["mail.message 1"]);
});

test("a colleague's message is no contact", async () => {
    await openPartnerWith("mail.message", message(serverState.partnerId));
    await click(".o-mail-Message [title='Expand']");
    await contains(".o-dropdown-item:contains('Copy Link')");
    await contains(".o-dropdown-item:contains('Log as Contact')", {count: 0});
});

async function openLeadWithMail(values) {
    const server = await startServer();
    const leadId = server["crm.lead"].create({name: "Just In"});
    server["mail.message"].create({
        author_id: false,
        body: "Please call me",
        email_from: "new@client.example",
        message_type: "email",
        model: "crm.lead",
        res_id: leadId,
        ...values,
    });
    await start();
    await openFormView("crm.lead", leadId, {arch: "<form><chatter/></form>"});
    await click(".o-mail-Message [title='Expand']");
}

test("an unknown sender's mail to a lead is logged", async () => {
    await openLeadWithMail();
    await click(".o-dropdown-item:contains('Log as Contact')");
    await contains(".modal-title:text(Log Contact)");
    expect.verifySteps(["mail.message 1"]);
});

test("what nobody known wrote is no contact, unless it is a mail", async () => {
    await openLeadWithMail({message_type: "comment"});
    await contains(".o-dropdown-item:contains('Copy Link')");
    await contains(".o-dropdown-item:contains('Log as Contact')", {count: 0});
});

test("who does not sell logs no messages", async () => {
    patchWithCleanup(session, {can_log_contacts: false});
    await openPartnerWith("mail.message", message());
    await click(".o-mail-Message [title='Expand']");
    await contains(".o-dropdown-item:contains('Copy Link')");
    await contains(".o-dropdown-item:contains('Log as Contact')", {count: 0});
});
