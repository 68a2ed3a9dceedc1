using Fovea.Models;

namespace Fovea.Api;

/// <summary>What fine-tuning consists of.</summary>
internal static class FineTuningServices
{
    /// <summary>Adds the jobs, and, unless the process only serves, what works at them and clears them away.</summary>
    /// <exception cref="FoveaException">A setting is wrong.</exception>
    public static void AddFineTuning(this IServiceCollection services, FineTuningSettings settings)
    {
        services.AddSingleton(settings).AddSingleton<StateDatabase>().AddSingleton<JobStore>().AddSingleton<JobRequests>().AddSingleton<EventStream>();
        if (settings.Trains)
        {
            services.AddSingleton<TrainingProcess>().AddSingleton<Publishing>().AddSingleton<JobWork>().AddSingleton<JobRunner>();
            services.AddSingleton<JobRecovery>().AddHostedService<JobQueue>();
            services.AddSingleton<JobSweep>().AddHostedService(provider => provider.GetRequiredService<JobSweep>());
        }
    }
}
