import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");

const column = (stage) => `.o_kanban_group:has(.o_column_title:contains("${stage}"))`;
const card = (stage, deal) => `${column(stage)} .o_kanban_record:contains("${deal}")`;
const answer = (question) => `.modal .o_property_field:contains("${question}") input`;

/** Starts on the pipeline with a deal in Client List of whose client only the name is known. */
tours.add("sales_funnel_control.gate_kanban", {
    steps: () => [
        {
            content: "Drag the deal into a gated stage",
            trigger: card("Client List", "Gated Deal"),
            run: ({drag_and_drop}) => drag_and_drop(column("Acquaintance")),
        },
        {
            content: "The dialog says what is missing",
            trigger: ".modal [name=message]:contains(address or phone)",
        },
        {
            content: "The deal is back where it was",
            trigger: card("Client List", "Gated Deal"),
        },
        {
            content: "Think better of it",
            trigger: ".modal button:contains(Discard)",
            run: "click",
        },
        {
            trigger: `body:not(:has(.modal)) ${card("Client List", "Gated Deal")}`,
        },
        {
            content: "Drag it again",
            trigger: card("Client List", "Gated Deal"),
            run: ({drag_and_drop}) => drag_and_drop(column("Acquaintance")),
        },
        {
            content: "Fill in what is missing",
            trigger: answer("Phone"),
            run: "edit +7 812 555-00-00 && click .modal [name=message]",
        },
        {
            content: "Go on",
            trigger: ".modal button[name=action_save_and_move]",
            run: "click",
        },
        {
            content: "The deal has moved",
            trigger: `body:not(:has(.modal)) ${card("Acquaintance", "Gated Deal")}`,
        },
    ],
});

/** Starts on the form of a deal in Acquaintance. */
tours.add("sales_funnel_control.gate_form", {
    steps: () => [
        {
            content: "Choose a gated stage",
            trigger: ".o_statusbar_status button:contains(Presentation)",
            run: "click",
        },
        {
            content: "Something is missing",
            trigger: ".modal [name=message]:contains(position of the contact person)",
        },
        {
            content: "The form shows the stage the deal stands on",
            trigger: ".o_statusbar_status button.o_arrow_button_current:contains(Acquaintance)",
        },
        {
            trigger: answer("City"),
            run: "edit Samara && click .modal [name=message]",
        },
        {
            trigger: answer("Contact Name"),
            run: "edit Olga Fomina && click .modal [name=message]",
        },
        {
            content: "Not all of it yet",
            trigger: ".modal button[name=action_save_and_move]",
            run: "click",
        },
        {
            content: "It is said again",
            trigger: ".modal [name=message]:not(:contains(address)):contains(position)",
        },
        {
            trigger: answer("Job Position"),
            run: "edit Director && click .modal [name=message]",
        },
        {
            trigger: ".modal button[name=action_save_and_move]",
            run: "click",
        },
        {
            content: "The deal has moved",
            trigger:
                "body:not(:has(.modal)) .o_statusbar_status button.o_arrow_button_current:contains(Presentation)",
        },
    ],
});

/** Starts on the same form, as the head of sales. */
tours.add("sales_funnel_control.gate_override", {
    steps: () => [
        {
            trigger: ".o_statusbar_status button:contains(Contract)",
            run: "click",
        },
        {
            content: "Say why the deal may pass",
            trigger: ".modal [name=reason] input",
            run: "edit The client signs today",
        },
        {
            trigger: ".modal button[name=action_override]",
            run: "click",
        },
        {
            trigger:
                "body:not(:has(.modal)) .o_statusbar_status button.o_arrow_button_current:contains(Contract)",
        },
        ...stepUtils.goToAppSteps("crm.crm_menu_root"),
        {
            content: "Look at the list",
            trigger: "button[data-menu-xmlid='crm.crm_menu_report']",
            run: "click",
        },
        {
            trigger: "a[data-menu-xmlid='sales_funnel_control.crm_stage_bypass_menu']",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains(Gated Deal):contains(The client signs today)",
        },
    ],
});

/** Starts on a list of two deals, of whose clients only the name is known. */
tours.add("sales_funnel_control.gate_list", {
    steps: () => [
        {
            trigger: ".o_list_view .o_list_record_selector input",
            run: "click",
        },
        {
            content: "Change the stage of both",
            trigger: ".o_data_row:eq(0) .o_data_cell[name=stage_id]",
            run: "click",
        },
        {
            trigger: ".o_data_row [name=stage_id] input",
            run: "edit Acquaintance",
        },
        {
            trigger: ".o-autocomplete--dropdown-item a:contains(Acquaintance)",
            run: "click",
        },
        {
            content: "Confirm for both",
            trigger: ".modal button:contains(Update)",
            run: "click",
        },
        {
            content: "Both are named",
            trigger: ".modal [name=message]:contains(First Deal):contains(Second Deal)",
        },
        {
            trigger: ".modal button:contains(Discard)",
            run: "click",
        },
    ],
});
