using Fovea.Models;

namespace Fovea.Api;

/// <summary>What the model store consists of.</summary>
internal static class ModelStoreServices
{
    /// <summary>Adds the model store and all that it stands on; models are loaded only where they serve.</summary>
    /// <exception cref="FoveaException">A setting is wrong, or the device that is asked for does not work.</exception>
    public static void AddModelStore(this IServiceCollection services, IConfiguration configuration, bool serves)
    {
        services.AddSingleton(ModelStoreSettings.Read(configuration))
            .AddSingleton(Device.Choose(DeviceSettings.Read(configuration)))
            .AddSingleton<ModelLoader>().AddSingleton<ModelStore>().AddSingleton<ModelCheck>().AddSingleton<ModelAdministration>();
        if (serves)
        {
            services.AddSingleton<ModelPolling>().AddHostedService(provider => provider.GetRequiredService<ModelPolling>());
        }
    }
}
