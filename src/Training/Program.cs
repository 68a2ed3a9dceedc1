using Fovea.Training;

return await CommandLine.RunAsync(CommandLine.CreateRoot(), args);
