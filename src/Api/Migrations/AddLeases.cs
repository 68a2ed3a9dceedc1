using Fovea.Api.Jobs;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Fovea.Api.Migrations;

/// <summary>Adds the columns for a job's lease: the name of the worker that runs the job, and the number of its heartbeats.</summary>
[DbContext(typeof(FineTuningContext)), Migration("20261129000000_Leases")]
internal sealed class AddLeases : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.AddColumn<string>("Worker", "Jobs", nullable: true);
        migrationBuilder.AddColumn<long>("Heartbeats", "Jobs", defaultValue: 0L);
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.DropColumn("Worker", "Jobs");
        migrationBuilder.DropColumn("Heartbeats", "Jobs");
    }
}
