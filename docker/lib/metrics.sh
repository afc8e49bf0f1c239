# Metrics of CloudWatch, as lines of the log. CloudWatch Logs makes metrics of lines in the embedded metric format, whoever sends them,
# and asks for no permission but logs:PutLogEvents, which the log driver has:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format.html,
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html.
# The namespace and the names stand in infra/alarms.go as well. docs/adr/0020 says why it is done in the container.
# shellcheck shell=bash

# print_disk_metric prints how full the instance's disk is, in percent as df computes it. The root of a container is an overlay, and
# statfs of an overlay is that of the file system below, on which all images and containers of the instance are (Linux,
# fs/overlayfs/super.c, ovl_statfs). Nothing is printed without METRICS_CLUSTER.
print_disk_metric() {
    local blocks free available used tenths
    [[ -n ${METRICS_CLUSTER:-} ]] || return 0
    read -r blocks free available <<<"$(stat --file-system --format '%b %f %a' /)"
    used=$((blocks - free))
    ((used + available > 0)) || return 0
    tenths=$((used * 1000 / (used + available)))
    printf '{"_aws":{"Timestamp":%d,"CloudWatchMetrics":[{"Namespace":"LaravelECS","Dimensions":[["ClusterName"]],"Metrics":[{"Name":"%s","Unit":"Percent"}]}]},"ClusterName":"%s","%s":%d.%d}\n' \
        $((${EPOCHREALTIME/./} / 1000)) DiskUtilization "$METRICS_CLUSTER" DiskUtilization $((tenths / 10)) $((tenths % 10))
}

meter=

# meter_disk prints the metric every minute, in the background.
meter_disk() {
    [[ -n ${METRICS_CLUSTER:-} ]] || return 0
    while :; do
        print_disk_metric
        sleep $((60 - EPOCHSECONDS % 60))
    done &
    meter=$!
}
