using Microsoft.EntityFrameworkCore;

namespace Fovea.Api;

/// <summary>The state of the jobs: one model of tables for SQLite and PostgreSQL.</summary>
internal sealed class FineTuningContext(DbContextOptions<FineTuningContext> options) : DbContext(options)
{
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
            job.HasIndex(j => j.Status);

            // Of two jobs that choose a version of one model at the same time, one must choose again.
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
