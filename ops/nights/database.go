package nights

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// shared fails where the database is another stack's, and stopped.
func (e *environment) shared(ctx context.Context) error {
	from, host := e.cluster.Outputs.Shares, e.cluster.Outputs.DatabaseEndpoint
	if from == "" {
		return nil
	}
	found, err := session.All(ctx, "reading the databases", rds.NewDescribeDBInstancesPaginator(e.rds, &rds.DescribeDBInstancesInput{}),
		func(page *rds.DescribeDBInstancesOutput) []types.DBInstance { return page.DBInstances })
	if err != nil {
		return err
	}
	clusters, err := session.All(ctx, "reading the clusters of databases", rds.NewDescribeDBClustersPaginator(e.rds, &rds.DescribeDBClustersInput{}),
		func(page *rds.DescribeDBClustersOutput) []types.DBCluster { return page.DBClusters })
	if err != nil {
		return err
	}
	for _, one := range clusters { // as an instance: those of a cluster have addresses of their own
		found = append(found, types.DBInstance{Endpoint: &types.Endpoint{Address: one.Endpoint}, DBInstanceStatus: one.Status})
	}
	for _, one := range found {
		if one.Endpoint != nil && strings.HasPrefix(host, aws.ToString(one.Endpoint.Address)+":") && aws.ToString(one.DBInstanceStatus) != "available" {
			return fmt.Errorf("%s uses the database of %s, which is %s: make wake STACK=%[2]s first", e.Stack, from, aws.ToString(one.DBInstanceStatus))
		}
	}
	return nil
}

// database brings the server from one status to another. One that is on its way somewhere has to arrive first. A database that stops need
// not be waited for: nothing uses it any more.
func (e *environment) database(ctx context.Context, c session.Call, from, to string) error {
	var named struct{ DBInstanceIdentifier, DBClusterIdentifier string }
	if err := json.Unmarshal(c.Input, &named); err != nil {
		return fmt.Errorf("reading the output schedule, %s: %w", c.Action, err)
	}
	name, status := named.DBInstanceIdentifier, e.instanceStatus
	if named.DBClusterIdentifier != "" {
		name, status = named.DBClusterIdentifier, e.clusterStatus
	}
	changed := false
	return e.wait(ctx, "the database to be "+to, func(ctx context.Context) (bool, error) {
		is, err := status(ctx, name)
		switch {
		case err != nil:
			return false, session.Explain(fmt.Errorf("reading the database %s: %w", name, err))
		case is == to:
			return true, nil
		case is == from && !changed:
			changed = true
			return to == "stopped", e.turn(ctx, c)
		}
		return false, nil
	})
}

func (e *environment) instanceStatus(ctx context.Context, name string) (string, error) {
	found, err := e.rds.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &name})
	if err != nil {
		return "", err
	}
	return aws.ToString(found.DBInstances[0].DBInstanceStatus), nil
}

func (e *environment) clusterStatus(ctx context.Context, name string) (string, error) {
	found, err := e.rds.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: &name})
	if err != nil {
		return "", err
	}
	return aws.ToString(found.DBClusters[0].Status), nil
}

// turn starts or stops the server.
func (e *environment) turn(ctx context.Context, c session.Call) error {
	switch c.Action {
	case startDatabase:
		return send(ctx, c, e.rds.StartDBInstance)
	case stopDatabase:
		return send(ctx, c, e.rds.StopDBInstance)
	case startCluster:
		return send(ctx, c, e.rds.StartDBCluster)
	default:
		return send(ctx, c, e.rds.StopDBCluster)
	}
}
