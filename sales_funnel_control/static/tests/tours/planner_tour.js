import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");

tours.add("sales_funnel_control.planner", {
    steps: () => [
        {
            content: "So many clients it takes",
            trigger: "[data-stage='Client List'] .o_sales_planner_needed:contains(101)",
        },
        {
            content: "What if every acquaintance got a presentation?",
            trigger: "[data-stage=Presentation] input[type=range]",
            run: "range 100",
        },
        {
            trigger: "[data-stage='Client List'] .o_sales_planner_needed:contains(81)",
        },
        ...stepUtils.saveForm(),
        {
            content: "Accept it",
            trigger: "button[name=action_accept]",
            run: "click",
        },
        {
            content: "Open the contact plan",
            trigger: "button[name=action_open_contact_plan]",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_group_header, .o_list_view .o_data_row",
        },
    ],
});

tours.add("sales_funnel_control.new_sales_plan", {
    steps: () => [
        {
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "The planner counts before anything is saved",
            trigger: "[data-stage='Client List'] .o_sales_planner_needed",
        },
        {
            content: "A number of deals is the target",
            trigger: "[name=target_kind] .o_radio_item:contains(Number) input",
            run: "click",
        },
        {
            trigger: "[name=target_number] input",
            run: "edit 61 && press Tab",
        },
        {
            trigger: "[data-stage='Client List'] .o_sales_planner_needed:contains(101)",
        },
        {
            content: "What if every acquaintance got a presentation?",
            trigger: "[data-stage=Presentation] input[type=range]",
            run: "range 100",
        },
        {
            trigger: "[data-stage='Client List'] .o_sales_planner_needed:contains(81)",
        },
        ...stepUtils.saveForm(),
        {
            content: "The work is divided among the managers",
            trigger: "[name=share_ids] .o_data_row:contains(Ivanenko)",
        },
    ],
});

tours.add("sales_funnel_control.contact_plan_today", {
    steps: () => [
        {
            content: "Who is to be called",
            trigger: ".o_data_row:contains(Lead to call)",
        },
        {
            content: "Log the contact",
            trigger: ".o_data_row:contains(Lead to call) button[name=action_log_contact]",
            run: "click",
        },
        {
            trigger: ".modal .o_form_view",
        },
    ],
});
