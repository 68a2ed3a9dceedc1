using Fovea.Api.Jobs;
using Fovea.Api.Workers;
using Fovea.Models.Errors;

namespace Fovea.Api.FineTuning;

/// <summary>Registers the services of fine-tuning.</summary>
internal static class FineTuningServices
{
    /// <summary>Adds the routes' services, and in a process that trains also the worker and the sweep of ended jobs.</summary>
    /// <exception cref="RefusalException">A setting is wrong.</exception>
    public static void AddFineTuning(this IServiceCollection services, FineTuningSettings settings)
    {
        services.AddSingleton(settings).AddSingleton<StateDatabase>().AddSingleton<JobStore>();
        services.AddSingleton<JobAnnouncer>().AddSingleton<JobFeeds>().AddHostedService<JobListener>();
        services.AddSingleton<JobRequests>().AddSingleton<JobPages>().AddSingleton<JobReports>().AddSingleton<EventStream>();
        services.AddSingleton<TrainingProcess>();
        services.AddHostedService<JobGauge>();
        if (settings.Trains)
        {
            services.AddSingleton<IncumbentComparison>().AddSingleton<Publishing>();
            services.AddSingleton<JobTraining>().AddSingleton<JobWork>().AddSingleton<JobRunner>();
            services.AddSingleton<ActiveJobs>().AddSingleton<JobRecovery>().AddHostedService<JobQueue>();
            services.AddSingleton<JobSweep>().AddHostedService(provider => provider.GetRequiredService<JobSweep>());
        }
    }
}
