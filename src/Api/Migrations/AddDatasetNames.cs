using Fovea.Api.Jobs;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Fovea.Api.Migrations;

/// <summary>Adds the column for the name of a job's data set.</summary>
[DbContext(typeof(FineTuningContext)), Migration("20261130000000_DatasetNames")]
internal sealed class AddDatasetNames : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.AddColumn<string>("DatasetName", "Jobs", nullable: true);

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropColumn("DatasetName", "Jobs");
}
