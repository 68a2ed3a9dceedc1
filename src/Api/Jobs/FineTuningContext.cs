using Microsoft.EntityFrameworkCore;

namespace Fovea.Api.Jobs;

/// <summary>The Entity Framework model of the tables for jobs. SQLite and PostgreSQL have the same tables.</summary>
internal sealed class FineTuningContext : DbContext
{
    public FineTuningContext(DbContextOptions<FineTuningContext> options)
        : base(options)
    {
        // A failed save undoes its whole transaction here, so a savepoint before each save would only cost two round trips.
        Database.AutoSavepointsEnabled = false;
    }

    public DbSet<Job> Jobs => Set<Job>();

    public DbSet<JobEvent> Events => Set<JobEvent>();

    public DbSet<JobCheckpoint> Checkpoints => Set<JobCheckpoint>();

    public DbSet<UsedVersion> UsedVersions => Set<UsedVersion>();

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Job>(job =>
        {
            job.Property(j => j.Status).HasConversion<string>();
            job.Property(j => j.Revision).IsConcurrencyToken();
            job.Ignore(j => j.News);
            job.Ignore(j => j.At);
            job.HasIndex(j => j.Status);

            // Two jobs may choose the same version number of a model at the same time. The second write fails, and its job chooses again.
            job.HasIndex(j => new { j.FineTunedModel, j.Version }).IsUnique();
        });
        modelBuilder.Entity<JobEvent>(e =>
        {
            e.HasKey(each => new { each.JobId, each.Number });
            e.HasOne<Job>().WithMany().HasForeignKey(each => each.JobId);
        });
        modelBuilder.Entity<UsedVersion>(used =>
        {
            used.HasKey(each => each.Model);
            used.Property(each => each.Highest).IsConcurrencyToken();
        });
        modelBuilder.Entity<JobCheckpoint>(checkpoint =>
        {
            checkpoint.HasKey(each => new { each.JobId, each.Step });
            checkpoint.HasOne<Job>().WithMany().HasForeignKey(each => each.JobId);
        });
    }
}
