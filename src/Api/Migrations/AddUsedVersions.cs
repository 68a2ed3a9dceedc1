using Fovea.Api.Jobs;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Fovea.Api.Migrations;

/// <summary>Creates the table with the highest version number that the deleted jobs of each model have used.</summary>
[DbContext(typeof(FineTuningContext)), Migration("20261124000001_UsedVersions")]
internal sealed class AddUsedVersions : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.CreateTable(
        "UsedVersions",
        table => new
        {
            Model = table.Column<string>(),
            Highest = table.Column<int>(),
        },
        constraints: table => table.PrimaryKey("PK_UsedVersions", used => used.Model));

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropTable("UsedVersions");
}
