using Fovea.Api.Jobs;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Fovea.Api.Migrations;

/// <summary>
/// Creates the tables of the jobs. No column specifies a database type, so the same migration works with SQLite and PostgreSQL.
/// </summary>
[DbContext(typeof(FineTuningContext)), Migration("20261124000000_Jobs")]
internal sealed class CreateJobs : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "Jobs",
            table => new
            {
                Id = table.Column<string>(),
                Model = table.Column<string>(),
                BaseVersion = table.Column<int>(),
                Dataset = table.Column<string>(),
                Suffix = table.Column<string>(),
                FineTunedModel = table.Column<string>(),
                Method = table.Column<string>(),
                Epochs = table.Column<int>(nullable: true),
                BatchSize = table.Column<int>(nullable: true),
                LearningRate = table.Column<double>(nullable: true),
                Seed = table.Column<long>(),
                PublishesItself = table.Column<bool>(),
                Metadata = table.Column<string>(nullable: true),
                Status = table.Column<string>(),
                CreatedAt = table.Column<long>(),
                FinishedAt = table.Column<long>(nullable: true),
                EstimatedFinish = table.Column<long>(nullable: true),
                Threads = table.Column<int>(),
                Version = table.Column<int>(nullable: true),
                Published = table.Column<bool>(),
                ErrorCode = table.Column<string>(nullable: true),
                ErrorMessage = table.Column<string>(nullable: true),
                Fence = table.Column<long>(),
                QueueEntry = table.Column<string>(nullable: true),
                Events = table.Column<long>(),
                Revision = table.Column<long>(),
            },
            constraints: table => table.PrimaryKey("PK_Jobs", job => job.Id));
        CreateEvents(migrationBuilder);
        CreateCheckpoints(migrationBuilder);
        migrationBuilder.CreateIndex("IX_Jobs_Status", "Jobs", "Status");
        migrationBuilder.CreateIndex("IX_Jobs_FineTunedModel_Version", "Jobs", ["FineTunedModel", "Version"], unique: true);
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.DropTable("Checkpoints");
        migrationBuilder.DropTable("Events");
        migrationBuilder.DropTable("Jobs");
    }

    private static void CreateEvents(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "Events",
            table => new
            {
                JobId = table.Column<string>(),
                Number = table.Column<long>(),
                CreatedAt = table.Column<long>(),
                Level = table.Column<string>(),
                Message = table.Column<string>(),
                Data = table.Column<string>(nullable: true),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Events", e => new { e.JobId, e.Number });
                table.ForeignKey("FK_Events_Jobs_JobId", e => e.JobId, "Jobs", "Id", onDelete: ReferentialAction.Cascade);
            });
    }

    private static void CreateCheckpoints(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "Checkpoints",
            table => new
            {
                JobId = table.Column<string>(),
                Step = table.Column<long>(),
                CreatedAt = table.Column<long>(),
                Metrics = table.Column<string>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Checkpoints", checkpoint => new { checkpoint.JobId, checkpoint.Step });
                table.ForeignKey(
                    "FK_Checkpoints_Jobs_JobId", checkpoint => checkpoint.JobId, "Jobs", "Id", onDelete: ReferentialAction.Cascade);
            });
    }
}
