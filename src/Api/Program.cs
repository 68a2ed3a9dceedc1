using Fovea.Api.Hosting;
using Fovea.Api.Keys;
using Fovea.Api.ModelRepository;
using Fovea.Api.Probes;
using Fovea.Models.Errors;

if (args is ["--health"])
{
    return await HealthProbe.Run();
}

if (args is [CheckCommand.Verb, var version, var model, var bytes, var batch, var upload])
{
    return CheckCommand.Run(version, model, bytes, batch, upload);
}

if (args is [KeysCommand.Verb, ..])
{
    return KeysCommand.Run(args);
}

if (args is [SettingsCommand.Verb, ..])
{
    return SettingsCommand.Run(args);
}

try
{
    await Service.Run(args);
    return 0;
}
catch (Exception e) when (e is RefusalException or IOException or UnauthorizedAccessException)
{
    // The user can correct these errors, for example a wrong setting or an address that is in use. So the message is printed without a
    // stack trace.
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
