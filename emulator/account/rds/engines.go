package rds

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// release is one version of a database engine: a line such as 8.0 and a minor version within it.
type release struct {
	line  string
	minor int
}

func (v release) full() string { return fmt.Sprintf("%s.%d", v.line, v.minor) }

// before tells whether a version is older.
func (v release) before(other release) bool {
	if v.line == other.line {
		return v.minor < other.minor
	}
	return lineNumber(v.line) < lineNumber(other.line)
}

func lineNumber(line string) int {
	major, minor, _ := strings.Cut(line, ".")
	a, _ := strconv.Atoi(major)
	b, _ := strconv.Atoi(minor)
	return a*1000 + b
}

// minors are, of one line, the oldest minor version RDS still creates, the one it takes when only the line is given, and
// the highest that is taken for a version that appeared since.
type minors struct{ oldest, usual, newest int }

// databaseLines are the lines RDS offers.
var databaseLines = map[string]map[string]minors{
	"mysql": {
		"5.7": {44, 44, 44},
		"8.0": {32, 43, 59},
		"8.4": {3, 6, 19},
	},
	"mariadb": {
		"10.5":  {20, 29, 29},
		"10.6":  {14, 22, 39},
		"10.11": {5, 13, 29},
		"11.4":  {3, 7, 29},
		"11.8":  {3, 3, 19},
	},
}

var newestLine = map[string]string{"mysql": "8.4", "mariadb": "11.8"}

// databaseVersion reads a version as RDS does: a line, or a line with a minor version. An empty one is RDS's default.
func databaseVersion(engine, text string) (release, bool) {
	lines := databaseLines[engine]
	if text == "" {
		text = newestLine[engine]
	}
	if offered, ok := lines[text]; ok {
		return release{text, offered.usual}, true
	}
	text, _, _ = strings.Cut(text, "-rds.")
	dot := strings.LastIndex(text, ".")
	if dot < 0 {
		return release{}, false
	}
	minor, err := strconv.Atoi(text[dot+1:])
	offered, ok := lines[text[:dot]]
	if err != nil || !ok || minor < offered.oldest || minor > offered.newest {
		return release{}, false
	}
	return release{text[:dot], minor}, true
}

// databaseVersion refuses a version that RDS does not offer.
func checkVersion(r *account.Rules, path, engine string) {
	lines, known := databaseLines[engine]
	if !known {
		return
	}
	r.Each(path, func(place, text string) {
		if _, ok := databaseVersion(engine, text); !ok {
			r.Refuse(place, "cannot find version %s for %s; it comes in %s", text, engine, strings.Join(account.SortedKeys(lines), ", "))
		}
	})
}

// parameterNames are parameters of MySQL and MariaDB that RDS lets people set; those whose names start as in
// parameterFamilies are too many to list.
var parameterNames = account.Words(`
	autocommit automatic_sp_privileges auto_increment_increment auto_increment_offset back_log bulk_insert_buffer_size
	character-set-client-handshake character_set_client character_set_connection character_set_database
	character_set_filesystem character_set_results character_set_server collation_connection collation_server
	completion_type concurrent_insert connect_timeout default_password_lifetime default_storage_engine
	default_tmp_storage_engine default_week_format delay_key_write delayed_insert_limit delayed_insert_timeout
	delayed_queue_size disconnect_on_expired_password div_precision_increment enforce_gtid_consistency
	end_markers_in_json eq_range_index_dive_limit event_scheduler expire_logs_days explicit_defaults_for_timestamp
	flush flush_time ft_boolean_syntax ft_max_word_len ft_min_word_len ft_query_expansion_limit ft_stopword_file
	general_log group_concat_max_len gtid-mode gtid_mode host_cache_size init_connect interactive_timeout
	internal_tmp_mem_storage_engine join_buffer_size keep_files_on_create lc_time_names local_infile
	lock_wait_timeout long_query_time low_priority_updates lower_case_table_names mandatory_roles
	min_examined_row_limit net_buffer_length net_read_timeout net_retry_count net_write_timeout old_passwords
	open_files_limit preload_buffer_size print_identified_with_as_hex range_alloc_block_size
	range_optimizer_max_mem_size read_buffer_size read_only read_rnd_buffer_size require_secure_transport
	schema_definition_cache secure_auth show_compatibility_56 show_create_table_verbosity skip_name_resolve
	skip_show_database slow_launch_time slow_query_log sort_buffer_size source_verify_checksum sql_mode
	sql_select_limit stored_program_cache strict_password_validation sync_binlog table_definition_cache
	table_open_cache table_open_cache_instances tablespace_definition_cache temptable_max_mmap temptable_max_ram
	temptable_use_mmap thread_cache_size thread_pool_size thread_stack time_zone timed_mutexes tls_ciphers
	tls_version tmp_table_size transaction_alloc_block_size transaction_isolation transaction_prealloc_size
	tx_isolation updatable_views_with_limit wait_timeout windowing_use_high_precision`)

var parameterFamilies = regexp.MustCompile(`^(aria|binlog|histogram|innodb|key|log|master|max|myisam|mysql|optimizer|performance_schema|query|replica|replicate|rpl|server_audit|session_track|slave|ssl|use_stat|validate_password|wsrep)[_-]`)

// staticParameters take effect with a reboot only.
var staticParameters = account.Words(`
	back_log character-set-client-handshake enforce_gtid_consistency ft_max_word_len ft_min_word_len gtid-mode
	innodb_autoinc_lock_mode innodb_ft_max_token_size innodb_ft_min_token_size innodb_log_file_size innodb_open_files
	innodb_page_cleaners innodb_read_io_threads innodb_rollback_on_timeout innodb_sort_buffer_size
	innodb_write_io_threads lower_case_table_names performance_schema skip_name_resolve table_open_cache_instances
	thread_stack`)

// switches are parameters that RDS wants as 0 or 1.
var switches = account.Words(`general_log slow_query_log log_bin_trust_function_creators log_queries_not_using_indexes skip_name_resolve local_infile`)

// reservedWords cannot name a database or its administrator.
var reservedWords = account.Words(`
	rdsadmin rdsrepladmin add all alter analyze and as asc before between both by call cascade case change check collate
	column condition constraint continue convert create cross cursor database databases declare default delayed delete
	desc describe distinct div drop dual each else elseif enclosed escaped exists exit explain false fetch for force
	foreign from fulltext generated grant group having if ignore in index infile inner inout insert int integer interval
	into is iterate join key keys kill leading leave left like limit lines load lock long loop match mod modifies
	natural not null numeric on optimize option or order out outer outfile partition precision primary procedure purge
	range read reads real references regexp release rename repeat replace require restrict return revoke right rlike
	schema schemas select sensitive separator set show signal spatial specific sql ssl starting stored table
	terminated then to trailing trigger true undo union unique unlock unsigned update usage use using values varying
	virtual when where while window with write xor zerofill`)

var (
	parameterGroupName = regexp.MustCompile(`^[a-z][0-9a-z.-]*$`)
	otherEngines       = regexp.MustCompile(`^(aurora|postgres|oracle|sqlserver|db2|custom)[a-z0-9.-]*$`)
)

func checkDatabaseParameterGroup(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Length("name", 1, 255)
	r.Matches("name", parameterGroupName, "it starts with a letter and has only lower case letters, digits, periods and hyphens")
	r.Hyphens("name")
	family, known := in.String("family")
	ours := false
	for engine, lines := range databaseLines {
		line, isEngine := strings.CutPrefix(family, engine)
		_, offered := lines[line]
		ours = ours || isEngine && offered
	}
	if known && !ours && !otherEngines.MatchString(family) {
		r.Refuse("family", "ParameterGroupFamily %s is not a valid parameter group family, such as mysql8.4 or mariadb11.4", family)
	}
	seen := map[string]bool{}
	for i, parameter := range in.Blocks("parameters[*]") {
		place := fmt.Sprintf("parameters[%d]", i)
		name, value, method := parameter.Text("name"), parameter.Text("value"), parameter.Text("applyMethod")
		if seen[name] {
			r.Refuse(place+".name", "%q is there twice", name)
		}
		seen[name] = name != ""
		if method != "" && !slices.Contains([]string{"immediate", "pending-reboot"}, method) {
			r.Refuse(place+".applyMethod", "%q is not one of immediate, pending-reboot", method)
		}
		if !ours || name == "" {
			continue
		}
		if !parameterNames[name] && !parameterFamilies.MatchString(name) && name != "performance_schema" {
			r.Refuse(place+".name", "could not find parameter with name: %s", name)
		}
		if staticParameters[name] && method != "pending-reboot" {
			r.Refuse(place+".applyMethod", "cannot use immediate apply method for static parameter %s; use pending-reboot", name)
		}
		if switches[name] && value != "" && value != "0" && value != "1" {
			r.Refuse(place+".value", "invalid parameter value: %s for: %s allowed values are: 0,1", value, name)
		}
		if name == "require_secure_transport" && value != "" && !slices.Contains([]string{"0", "1", "ON", "OFF"}, value) {
			r.Refuse(place+".value", "invalid parameter value: %s for: %s allowed values are: 0,1", value, name)
		}
		if number, err := strconv.ParseFloat(value, 64); name == "long_query_time" && value != "" && (err != nil || number < 0 || number > 31536000) {
			r.Refuse(place+".value", "invalid parameter value: %s for: %s allowed values are: 0-31536000", value, name)
		}
	}
	return r.Problems
}

// completeParameters fills in how parameters are applied.
func completeParameters(r *account.Resource) {
	for _, parameter := range r.Outputs.Blocks("parameters[*]") {
		account.SetDefault(parameter, "applyMethod", "immediate")
	}
}
