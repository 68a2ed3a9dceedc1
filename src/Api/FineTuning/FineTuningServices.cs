using Fovea.Models;

namespace Fovea.Api;

/// <summary>Registers the services of fine-tuning.</summary>
internal static class FineTuningServices
{
    /// <summary>Adds the routes' services, and in a process that trains also the worker and the sweep of ended jobs.</summary>
    /// <exception cref="FoveaException">A setting is wrong.</exception>
    public static void AddFineTuning(this IServiceCollection services, FineTuningSettings settings)
    {
        services.AddSingleton(settings).AddSingleton<StateDatabase>().AddSingleton<JobStore>();
        services.AddSingleton<JobRequests>().AddSingleton<EventStream>();
        if (settings.Trains)
        {
            services.AddSingleton<TrainingProcess>().AddSingleton<Publishing>().AddSingleton<JobWork>().AddSingleton<JobRunner>();
            services.AddSingleton<JobRecovery>().AddHostedService<JobQueue>();
            services.AddSingleton<JobSweep>().AddHostedService(provider => provider.GetRequiredService<JobSweep>());
        }
    }
}
